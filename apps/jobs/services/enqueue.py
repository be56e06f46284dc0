"""Put attempts on the queue."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.api.rendering import to_json
from apps.jobs import sql
from apps.jobs.models import Origin
from apps.jobs.queues import SERVER_QUEUE
from apps.jobs.server_nudge import nudge_server_after_commit
from apps.jobs.services.tell import tell_holders
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.realtime.outbound import say

#: Why a worker should stop: its run is cancelled, or ended without it.
RUN_OVER = "run_cancelled"


@dataclass(frozen=True, slots=True)
class NewJob:
    """One attempt at an action."""

    project_id: str
    run_id: str
    task_id: int
    workflow_name: str
    step_name: str
    path: str
    action: str
    queue: str
    parameters: Any
    attempt: int
    max_attempts: int
    available_at: datetime
    timeout_seconds: float | None = None
    origin: str = Origin.SERVER
    traceparent: str | None = field(default_factory=tracing.traceparent)
    id: str = field(default_factory=lambda: new_id(IdKind.JOB))


def enqueue_jobs(jobs: Sequence[NewJob], *, now: datetime) -> None:
    """Insert jobs in the caller's transaction and wake claimers after it."""
    if not jobs:
        return
    rows = [
        {name: getattr(job, name) for name in NewJob.__dataclass_fields__}
        for job in jobs
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.ENQUEUE, {"now": now, "rows": to_json(rows).decode()})
    if any(job.queue == SERVER_QUEUE for job in jobs):
        nudge_server_after_commit()
    for job in jobs:
        if job.queue == SERVER_QUEUE:
            continue
        say(
            "job",
            project_id=job.project_id,
            queue=job.queue,
            action=job.action,
            in_seconds=max(0.0, (job.available_at - now).total_seconds()),
        )


def cancel_jobs(run_ids: Sequence[str], *, now: datetime) -> None:
    """End what is pending and tell the holders of the rest to stop: at once those on
    a socket, the others with their next heartbeat."""
    if not run_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(sql.CANCEL_JOBS, {"now": now, "run_ids": list(run_ids)})
        held = [job_id for job_id, over_socket in cursor.fetchall() if over_socket]
    tell_holders(held, reason=RUN_OVER, now=now)
