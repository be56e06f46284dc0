"""Close the rows of calls that ended elsewhere, and direct calls whose time is up."""

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.actions.calls import TIMEOUT
from apps.actions.telling import say_ended
from apps.jobs.services.enqueue import cancel_jobs

BATCH: Final = 200

#: Calls of steps whose attempt ended without a word of ours: its run was cancelled, or
#: its process died and no other attempt follows. One that follows opens them again.
_CLOSE: Final = """
UPDATE actions_invocation i
SET status = CASE WHEN ended.status = 'cancelled' THEN 'cancelled' ELSE 'failed' END,
    finished_at = %(now)s, error_type = ended.error_type,
    error_message = left(ended.error_message, 2000)
FROM (
    SELECT i.id, i.job_id, j.status, j.error_type, j.error_message
    FROM actions_invocation i JOIN jobs_job j ON j.id = i.job_id
    WHERE i.status = 'active' AND i.origin = 'loop_action_step'
      AND j.status NOT IN ('pending', 'claimed')
    LIMIT %(limit)s
) ended
WHERE i.id = ended.id AND i.job_id = ended.job_id AND i.status = 'active'
"""

_EXPIRED: Final = """
SELECT id FROM actions_invocation
WHERE status = 'active' AND origin = 'direct_action_invoke' AND expires_at < %(now)s
ORDER BY job_id LIMIT %(limit)s
"""

_EXPIRE: Final = """
UPDATE actions_invocation
SET status = 'failed', finished_at = %(now)s, error_type = %(error_type)s,
    error_message = 'there was no result in time'
WHERE id = ANY(%(ids)s) AND status = 'active'
RETURNING id
"""


def sweep_invocations(*, now: datetime) -> None:
    """Close what has ended; any number may sweep at once."""
    place: dict[str, Any] = {"now": now, "limit": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, place)
        cursor.execute(_EXPIRED, place)
        expired = [row[0] for row in cursor.fetchall()]
    if expired:
        _expire(expired, now)


@transaction.atomic
def _expire(ids: list[str], now: datetime) -> None:
    """Fail calls and stop their jobs: jobs first, as everybody does."""
    cancel_jobs(ids, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"now": now, "ids": ids, "error_type": TIMEOUT})
        for (invocation_id,) in cursor.fetchall():
            say_ended(invocation_id)
