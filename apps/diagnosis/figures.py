"""The figures of a project over the last hour: six statements, each by an index."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from apps.engine.state import FINISHED, RunStatus
from apps.jobs.presence import STALE_AFTER

WINDOW: Final = timedelta(minutes=60)
#: The steps of which the slow end is told.
STEPS: Final = 40
#: Among so many of the newest internal events of the project they are looked for.
EVENTS_MAX: Final = 4000
#: A worker that is silent for longer is history.
WORKERS_FORGOTTEN_AFTER: Final = timedelta(days=1)

_RUNS = """
SELECT status, count(*), sum(extract(epoch FROM completed_at - created_at))
FROM runs_run WHERE project_id = %(project)s AND created_at >= %(since)s
GROUP BY status
"""

#: A job's report is an internal event; it says when the job was claimed.
_STEPS = """
SELECT extract(epoch FROM created_at - (event->>'claimed_at')::timestamptz) FROM (
    SELECT event_type, event, created_at FROM source_events_sourceevent
    WHERE project_id = %(project)s AND dispatched_at >= %(since)s AND NOT public
    ORDER BY dispatched_at DESC LIMIT %(limit)s) AS latest
WHERE event_type = 'loop.run_allocation.completed' LIMIT %(steps)s
"""

_QUEUE = """
SELECT count(*) FROM jobs_job WHERE project_id = %(project)s AND status = 'pending'
"""

_UNDER_WAY = """
SELECT count(*) FROM runs_run WHERE project_id = %(project)s AND outcome = ''
  AND status IN ('running', 'suspended')
"""

_WORKERS = """
SELECT count(*) FILTER (WHERE last_seen_at > %(silent)s),
       count(*) FILTER (WHERE last_seen_at <= %(silent)s)
FROM jobs_worker WHERE project_id = %(project)s AND last_seen_at > %(forgotten)s
"""


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """How a project is doing. Runs are those started in the window; ``failure_rate``
    is the part of those that ended which failed."""

    generated_at: datetime
    window_minutes: int
    runs_per_minute: float
    total_runs: int
    failure_rate: float
    avg_run_seconds: float
    p95_step_seconds: float
    queue_depth: int
    running_count: int
    active_workers: int
    stale_workers: int
    status_breakdown: dict[str, int]


def project_figures(project_id: str, *, now: datetime) -> ProjectFigures:
    """Return the figures of a project."""
    values = {
        "project": project_id,
        "since": now - WINDOW,
        "silent": now - STALE_AFTER,
        "forgotten": now - WORKERS_FORGOTTEN_AFTER,
        "limit": EVENTS_MAX,
        "steps": STEPS,
    }
    runs = _rows(_RUNS, values)
    counts = {status: count for status, count, _ in runs}
    total = sum(counts.values())
    ended = sum(counts.get(status.value, 0) for status in FINISHED)
    seconds = sum(float(taken) for *_, taken in runs if taken is not None)
    minutes = int(WINDOW.total_seconds() // 60)
    active, stale = _rows(_WORKERS, values)[0]
    return ProjectFigures(
        generated_at=now,
        window_minutes=minutes,
        runs_per_minute=total / minutes,
        total_runs=total,
        failure_rate=counts.get(RunStatus.FAILED.value, 0) / ended if ended else 0.0,
        avg_run_seconds=seconds / ended if ended else 0.0,
        p95_step_seconds=_p95([float(row[0]) for row in _rows(_STEPS, values)]),
        queue_depth=_rows(_QUEUE, values)[0][0],
        running_count=_rows(_UNDER_WAY, values)[0][0],
        active_workers=active,
        stale_workers=stale,
        status_breakdown={s.value: counts.get(s.value, 0) for s in RunStatus},
    )


def _p95(seconds: list[float]) -> float:
    """Return the value that 95 of 100 do not exceed; 0 of none."""
    if not seconds:
        return 0.0
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
