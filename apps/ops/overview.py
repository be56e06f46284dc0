"""The figures an operator wants at a glance; each is one bounded, indexed query."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q

from apps.interactions.models import Interaction, InteractionStatus
from apps.jobs.models import Worker
from apps.jobs.presence import STALE_AFTER
from apps.kernel.ids import IdKind, first_id

LOOK_BACK: Final = timedelta(hours=1)
#: A worker that is silent for longer is history.
WORKERS_FORGOTTEN_AFTER: Final = timedelta(days=1)
#: No figure looks at more rows; where it would, it says "more than".
ROWS_MAX: Final = 10_000
#: A failing event is put off by an hour at most: whatever is due later is a timer.
_FAILING_WITHIN: Final = timedelta(hours=1, minutes=1)

_RUNS = """
SELECT status, count(*) FROM (
    SELECT status FROM runs_run WHERE id >= %s ORDER BY id DESC LIMIT %s) AS latest
GROUP BY status
"""

_QUEUES = """
SELECT queue, count(*) FILTER (WHERE status = 'pending' AND available_at <= %(now)s),
       count(*) FILTER (WHERE status = 'pending' AND available_at > %(now)s),
       count(*) FILTER (WHERE status = 'claimed'),
       min(available_at) FILTER (WHERE status = 'pending')
FROM ((SELECT queue, status, available_at FROM jobs_job
       WHERE status = 'pending' LIMIT %(limit)s)
      UNION ALL
      (SELECT queue, status, available_at FROM jobs_job
       WHERE status = 'claimed' LIMIT %(limit)s)) AS open
GROUP BY queue ORDER BY queue
"""

_EVENTS = """
SELECT count(*) FILTER (WHERE due_at <= %(now)s AND failures = 0),
       min(due_at) FILTER (WHERE due_at <= %(now)s),
       count(*) FILTER (WHERE failures > 0)
FROM (SELECT due_at, failures FROM source_events_sourceevent
      WHERE dispatched_at IS NULL AND due_at <= %(until)s
      ORDER BY due_at, id LIMIT %(limit)s) AS waiting
"""

_FAILURES = """
SELECT id, workflow_name, error_type, left(error_message, 200), completed_at FROM (
    SELECT id, workflow_name, status, error_type, error_message, completed_at
    FROM runs_run ORDER BY id DESC LIMIT %s) AS latest
WHERE status = 'failed' ORDER BY id DESC LIMIT %s
"""

_WAITS = """
SELECT kind, count(*) FROM (
    SELECT kind FROM runs_wait WHERE closed_at IS NULL LIMIT %s) AS open
GROUP BY kind ORDER BY kind
"""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """One queue: jobs to take now, jobs of later, jobs in hand, the oldest instant
    at which a pending one could be taken."""

    queue: str
    ready: int
    later: int
    claimed: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """The outbox: events to dispatch now and since when, and those that failed."""

    due: int
    oldest: datetime | None
    failing: int


@dataclass(frozen=True, slots=True)
class WorkerCount:
    """Workers heard of just now, and those that fell silent within a day."""

    live: int
    stale: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed run, and why."""

    run_id: str
    workflow_name: str
    error_type: str
    error_message: str
    failed_at: datetime


def runs_by_status(*, now: datetime) -> dict[str, int]:
    """Return how many runs of the last hour have each status, among the newest
    ``ROWS_MAX``."""
    since = first_id(IdKind.RUN, now - LOOK_BACK)
    return dict(_rows(_RUNS, [since, ROWS_MAX]))


def queue_depths(*, now: datetime) -> list[QueueDepth]:
    """Return every queue with open jobs, among ``ROWS_MAX`` of each status."""
    found = _rows(_QUEUES, {"now": now, "limit": ROWS_MAX})
    return [QueueDepth(*row) for row in found]


def outbox_state(*, now: datetime) -> OutboxState:
    """Return how the outbox stands, among its ``ROWS_MAX`` oldest events."""
    until = now + _FAILING_WITHIN
    found = _rows(_EVENTS, {"now": now, "until": until, "limit": ROWS_MAX})
    return OutboxState(*found[0])


def open_waits() -> dict[str, int]:
    """Return how many paths wait, by kind, among ``ROWS_MAX``."""
    return dict(_rows(_WAITS, [ROWS_MAX]))


def worker_count(*, now: datetime) -> WorkerCount:
    """Return how many workers live and how many fell silent."""
    silent = now - STALE_AFTER
    counted = Worker.objects.filter(
        last_seen_at__gte=now - WORKERS_FORGOTTEN_AFTER
    ).aggregate(
        live=Count("id", filter=Q(last_seen_at__gte=silent)),
        stale=Count("id", filter=Q(last_seen_at__lt=silent)),
    )
    return WorkerCount(**counted)


def open_questions(*, now: datetime) -> int:
    """Return how many questions wait for an answer, ``ROWS_MAX`` at most."""
    pending = Interaction.objects.filter(status=InteractionStatus.PENDING).exclude(
        expires_at__lte=now
    )
    return pending.order_by()[:ROWS_MAX].count()


def latest_failures(*, limit: int) -> list[Failure]:
    """Return the last failed runs among the newest ``ROWS_MAX``, newest first."""
    return [Failure(*row) for row in _rows(_FAILURES, [ROWS_MAX, limit])]


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
