"""Whether the chain of an organization is whole.

The hashes are worked out here once more, not by the function that wrote them: who could
change that could not make this agree.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

PAGE: Final = 5000

_HEADS: Final = """
SELECT organization_id FROM audit_audithead
UNION SELECT DISTINCT organization_id FROM audit_auditrecord ORDER BY 1
"""
_HEAD: Final = "SELECT number, hash FROM audit_audithead WHERE organization_id = %s"
_RECORDS: Final = """
SELECT number, id, project_id, action, resource_type, resource_id, changes::text,
       actor::text,
       to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
       to_jsonb(resource_name)::text, previous_hash, hash
FROM audit_auditrecord WHERE organization_id = %s AND number > %s
ORDER BY number LIMIT %s
"""


class Finding(NamedTuple):
    """The first thing that is wrong with a chain; ``number`` is where."""

    number: int
    problem: str


class Checked(NamedTuple):
    """A chain that was read to its end, or to what is wrong with it."""

    organization_id: str
    records: int
    head: str
    finding: Finding | None


def organizations() -> list[str]:
    """Return the organizations that have a chain; ``-`` is what belongs to none."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        return [row[0] for row in cursor.fetchall()]


def check_chain(organization_id: str, kept: Mapping[int, str] = {}) -> Checked:
    """Read a chain from its start, as it stands at one instant.

    ``kept`` are heads of the past, number and hash, from where nobody can change them:
    who rewrote the whole chain since, and its head, did not rewrite these.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(_HEAD, [organization_id])
            head = cursor.fetchone() or (0, "")
        return _check(organization_id, head, kept)


def _check(
    organization_id: str, head: tuple[int, str], kept: Mapping[int, str]
) -> Checked:
    expected, before, is_whole = 0, "", False
    for row in _records(organization_id):
        number, id_, *facts, previous, digest = row
        expected += 1
        if number != expected:
            finding = Finding(expected, f"record {expected} is missing")
            return Checked(organization_id, expected - 1, before, finding)
        if previous != before:
            why = f"record {number} ({id_}) does not follow the one before"
            return Checked(organization_id, number, before, Finding(number, why))
        # Records of the first version do not hash their id and name. None follows one
        # that does.
        was_whole, is_whole = (
            is_whole,
            digest == _digest(before, number, organization_id, *facts, id_),
        )
        if not is_whole and (
            was_whole or digest != _digest(before, number, organization_id, *facts[:-1])
        ):
            why = f"record {number} ({id_}) is not what was written"
            return Checked(organization_id, number, before, Finding(number, why))
        if kept.get(number, digest) != digest:
            why = f"record {number} ({id_}) is not the one whose hash was kept"
            return Checked(organization_id, number, before, Finding(number, why))
        before = digest
    if max(kept, default=0) > expected:
        why = f"the chain ends at {expected}, a head at {max(kept)} was kept"
        return Checked(organization_id, expected, before, Finding(expected + 1, why))
    if (expected, before) != tuple(head):
        why = f"the chain ends at {expected}, its head says {head[0]}"
        return Checked(organization_id, expected, before, Finding(expected + 1, why))
    return Checked(organization_id, expected, before, None)


def _records(organization_id: str) -> Iterator[tuple[Any, ...]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_RECORDS, [organization_id, after, PAGE])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _digest(before: str, number: int, organization_id: str, *facts: str) -> str:
    """Return the hash of a record: project, action, resource type and id, changes,
    actor, instant, and since the second version id and name."""
    first, later = facts[:7], facts[7:]
    parts = [before, str(number), organization_id, *first, *reversed(later)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
