"""Delete specs that no version and no run refers to, two looks and a day apart.

A run is started in two steps: its spec is there, the run refers to it. In between
nobody refers to it. So a spec is condemned first, and goes a day later if that still
holds; who starts a run of it meanwhile takes the condemnation back
(``workflows.specs.admit_spec``), and who saw it before it was condemned has inserted
the run long since. Versions hold theirs by a foreign key.
"""

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.ops.retention import SPEC_GRACE, UNUSED_SPEC

#: Digests are spread evenly, so each two first characters hold a share of all specs.
SHARES: Final = tuple(f"{number:02x}" for number in range(256))
#: How long the clock stays at one share.
SHARE_SECONDS: Final = 30

_UNUSED = f"s.digest >= %(first)s AND s.digest < %(beyond)s AND {UNUSED_SPEC}"

_CONDEMN = f"""
UPDATE workflows_spec SET condemned_at = %(now)s WHERE digest = ANY(ARRAY(
    SELECT s.digest FROM workflows_spec AS s
    WHERE s.condemned_at IS NULL AND s.created_at < %(before)s AND {_UNUSED}
    ORDER BY s.digest FOR UPDATE OF s SKIP LOCKED))
"""  # noqa: S608 - the condition is a constant

_DELETE = f"""
DELETE FROM workflows_spec WHERE digest = ANY(ARRAY(
    SELECT s.digest FROM workflows_spec AS s
    WHERE s.condemned_at < %(before)s AND {_UNUSED}
    ORDER BY s.digest FOR UPDATE OF s SKIP LOCKED))
"""  # noqa: S608 - the condition is a constant


def share_at(now: datetime) -> str:
    """Return the share whose turn it is; all of them have one every two hours."""
    return SHARES[int(now.timestamp() // SHARE_SECONDS) % len(SHARES)]


@transaction.atomic
def prune_specs(share: str, now: datetime) -> int:
    """Delete what was condemned a day ago of one share, condemn what is unused now;
    return how many are gone."""
    place: dict[str, Any] = {
        "first": share,
        "beyond": f"{share}g",
        "now": now,
        "before": now - SPEC_GRACE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, place)
        deleted = int(cursor.rowcount)
        cursor.execute(_CONDEMN, place)
    return deleted
