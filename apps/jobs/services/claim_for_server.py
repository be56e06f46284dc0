"""Hand jobs to a process that runs actions itself, and keep them there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import connection

from apps.api.rendering import to_json
from apps.jobs import server_sql
from apps.jobs.fence import Fence
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.source_events.nudge import nudge_after_commit

#: What the statement returns, in its order.
_COLUMNS: Final = (
    *("id", "project_id", "run_id", "task_id", "step_name", "action", "parameters"),
    *("attempt", "timeout_seconds", "endpoint", "traceparent"),
)


@dataclass(frozen=True, slots=True)
class ServerJob:
    """One attempt at an action in the hands of the process ``worker_id``.

    ``run_id`` is the run's or the invocation's; ``endpoint`` is what may be slow.
    ``traceparent`` is where in its trace the attempt is.
    """

    id: str
    project_id: str
    run_id: str
    task_id: int
    step_name: str
    action: str
    parameters: Mapping[str, Any]
    attempt: int
    timeout_seconds: float | None
    endpoint: str
    traceparent: str | None
    worker_id: str

    @property
    def fence(self) -> Fence:
        """Return what makes this process's word count."""
        return Fence(self.project_id, self.id, self.worker_id, self.attempt)


def server_work_is_due(*, now: datetime) -> bool:
    """Say whether a job waits for the server itself."""
    with connection.cursor() as cursor:
        cursor.execute(server_sql.LOOK, {"now": now})
        return bool(cursor.fetchone()[0])


def claim_for_server(
    worker_id: str,
    busy: Mapping[tuple[str, str], int],
    *,
    free: int,
    cap: int,
    now: datetime,
) -> list[ServerJob]:
    """Claim up to ``free`` jobs for the process ``worker_id``.

    ``busy`` counts what it runs already by (project, endpoint), of which it wants no
    more than ``cap`` each.
    """
    counted = [
        {"project_id": project_id, "endpoint": endpoint, "count": count}
        for (project_id, endpoint), count in busy.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            server_sql.CLAIM,
            {
                "worker_id": worker_id,
                "busy": to_json(counted).decode(),
                "free": free,
                "cap": cap,
                "now": now,
                "lease_expires_at": now + settings.LEASE,
                "event_ids": [new_id(IdKind.SOURCE_EVENT) for _ in range(free)],
                "traced": tracing.is_on(),
            },
        )
        rows = cursor.fetchall()
    if rows:
        nudge_after_commit()
    return [_job(row, worker_id) for row in rows]


def _job(row: Sequence[Any], worker_id: str) -> ServerJob:
    facts = dict(zip(_COLUMNS, row, strict=True))
    facts["parameters"] = orjson.loads(facts["parameters"])
    facts["traceparent"] = tracing.place_of(facts["id"], facts["traceparent"])
    return ServerJob(**facts, worker_id=worker_id)


def watch_server_jobs(worker_id: str, ids: Sequence[str]) -> dict[str, bool]:
    """Return which of the jobs the process holds, and whether each should stop."""
    with connection.cursor() as cursor:
        cursor.execute(server_sql.WATCH, {"ids": list(ids), "worker_id": worker_id})
        return dict(cursor.fetchall())


def extend_server_jobs(worker_id: str, ids: Sequence[str], *, now: datetime) -> None:
    """Prolong the leases of the jobs that the process still holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            server_sql.EXTEND,
            {
                "ids": list(ids),
                "worker_id": worker_id,
                "now": now,
                "lease_expires_at": now + settings.LEASE,
            },
        )
