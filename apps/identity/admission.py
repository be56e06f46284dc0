"""Are these keys still good? One question for all connections held open."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from apps.identity.permissions import Permission

_ADMITTED = """
SELECT k.id FROM identity_apikey k
JOIN identity_principal p ON p.id = k.principal_id
LEFT JOIN identity_role c ON c.id = k.scope_role_id
WHERE k.id = ANY(%s) AND k.revoked_at IS NULL AND NOT p.disabled
  AND (k.expires_at IS NULL OR k.expires_at > %s)
  AND EXISTS (SELECT FROM identity_roleassignment a
              JOIN identity_role r ON r.id = a.role_id
              WHERE a.principal_id = p.id AND %s = ANY(r.permissions))
  AND (c.id IS NULL OR %s = ANY(c.permissions))
"""


def still_admitted(
    key_ids: Sequence[str], permission: Permission, *, now: datetime
) -> set[str]:
    """Return those keys that could open a connection with ``permission`` now."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ADMITTED, [list(key_ids), now, permission.value, permission.value]
        )
        return {row[0] for row in cursor.fetchall()}
