"""The spans of an attempt: how long it waited, and how long somebody had it.

Both are noted when it is over, with the instants of its row, under the place in the
trace that put it on the queue. The second is known by the job's id from the beginning:
who claims is told of it, so that what a worker does can belong to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from apps.kernel import tracing


class Spent(NamedTuple):
    """What the statements that end an attempt return of it: ``sql.SPENT``."""

    run_id: str
    action: str
    attempt: int
    available_at: datetime
    claimed_at: datetime
    traceparent: str | None


def note_attempt(
    job_id: str, row: Sequence[Any], *, ended: datetime, status: str, error_type: str
) -> None:
    """Note both spans once the end is committed, and link the report with them."""
    if not tracing.is_on():
        return
    spent = Spent(*row)
    facts: tracing.Facts = {
        "mobius.job_id": job_id,
        "mobius.run_id": spent.run_id,
        "mobius.action": spent.action,
        "mobius.attempt": spent.attempt,
    }
    place = spent.traceparent
    reported = tracing.traceparent()
    tracing.link(tracing.place_of(job_id, place))
    tracing.record(
        "job queued",
        parent=place,
        began=spent.available_at,
        ended=spent.claimed_at,
        facts=facts,
    )
    tracing.record(
        "job executed",
        parent=place,
        began=spent.claimed_at,
        ended=ended,
        key=job_id,
        causes=[reported],
        error_type=error_type,
        facts={**facts, "mobius.status": status},
    )
