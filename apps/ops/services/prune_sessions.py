"""Delete sessions that were closed long ago, with what was said in them."""

from collections import Counter
from typing import Any, Final

from django.db import connection, transaction

from apps.ops.retention import Ages

#: Sessions, and messages of theirs, that one transaction deletes at most.
SESSIONS_MAX: Final = 100
MESSAGES_MAX: Final = 2000

#: Promises: those that were closed first come first, found through the index of closed
#: ones; those in other hands, of another pruner or of somebody who opens them again,
#: are left.
_TAKE = """
SELECT id FROM agents_session
WHERE project_id = %(project_id)s AND closed_at < %(before)s
ORDER BY closed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

_MESSAGES = """
DELETE FROM agents_sessionmessage WHERE id = ANY(ARRAY(
    SELECT m.id FROM unnest(%(ids)s::text[]) AS over(id)
    CROSS JOIN LATERAL (
        SELECT id FROM agents_sessionmessage
        WHERE session_id = over.id ORDER BY sequence LIMIT %(limit)s) AS m
    LIMIT %(limit)s))
"""

_SESSIONS = """
DELETE FROM agents_session AS s WHERE s.id = ANY(%(ids)s) AND NOT EXISTS (
    SELECT FROM agents_sessionmessage AS m WHERE m.session_id = s.id OFFSET 0)
"""


@transaction.atomic
def prune_sessions(ages: Ages) -> Counter[str]:
    """Delete a batch of a project's sessions, closed for longer than its runs are kept.
    One with more messages than a batch loses the first of them first."""
    place: dict[str, Any] = {
        "project_id": ages.project_id,
        "before": ages.runs,
        "limit": SESSIONS_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, place)
        ids = [id_ for (id_,) in cursor.fetchall()]
        if not ids:
            return Counter()
        cursor.execute(_MESSAGES, {"ids": ids, "limit": MESSAGES_MAX})
        messages = int(cursor.rowcount)
        cursor.execute(_SESSIONS, {"ids": ids})
        return Counter(messages=messages, sessions=int(cursor.rowcount))
