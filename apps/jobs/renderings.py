"""Jobs and workers as the API shows them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.api.rendering import instant, present
from apps.jobs.models import Job, Worker
from apps.jobs.presence import STALE_AFTER


def render_job(job: Job) -> dict[str, Any]:
    """Return one attempt, without its result."""
    return present(
        id=job.id,
        run_id=job.run_id,
        path_id=job.path,
        step_name=job.step_name,
        action=job.action,
        queue=job.queue,
        parameters=job.parameters,
        status=job.status,
        claimed_by=job.worker_id or None,
        claimed_at=instant(job.claimed_at),
        heartbeat_at=instant(job.heartbeat_at),
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        scheduled_at=instant(job.available_at),
        finished_at=instant(job.finished_at),
        last_error=job.error_message or None,
        error_type=job.error_type or None,
        cancel_requested=job.cancel_requested,
        created_at=instant(job.created_at),
        updated_at=instant(job.updated_at),
    )


def render_session(
    worker: Worker, doing: Sequence[Job], *, now: datetime
) -> dict[str, Any]:
    """Return a worker in the words of those on sockets."""
    stale = now - worker.last_seen_at > STALE_AFTER
    active = "draining" if worker.draining else "active"
    beats = [job.heartbeat_at for job in doing if job.heartbeat_at is not None]
    return present(
        id=worker.id,
        worker_instance_id=worker.worker_id,
        concurrency_limit=worker.concurrency_limit,
        name=worker.name or None,
        version=worker.version or None,
        last_seen_at=instant(worker.last_seen_at),
        last_activity_at=instant(max([worker.last_seen_at, *beats])),
        queues=worker.queues,
        action_names=worker.actions,
        models=worker.generates,
        instance_status="stale" if stale else active,
        stale=stale,
        busy_job_count=len(doing),
        current_jobs=[
            present(
                id=job.id,
                run_id=job.run_id,
                step_name=job.step_name,
                action=job.action,
                status=job.status,
                claimed_at=instant(job.claimed_at),
                heartbeat_at=instant(job.heartbeat_at),
                updated_at=instant(job.updated_at),
            )
            for job in doing
        ],
    )


def render_totals(sessions: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many there are of what."""
    active = [one for one in sessions if one["instance_status"] == "active"]
    return {
        "active_instances": len(active),
        "slots": sum(one["concurrency_limit"] for one in active),
        "busy": sum(one["busy_job_count"] for one in active),
        "stale": sum(one["stale"] for one in sessions),
    }


def render_worker(
    worker: Worker, doing: Iterable[Job], *, now: datetime
) -> dict[str, Any]:
    """Return a worker, whether it is stale, and the jobs in its hands."""
    return present(
        id=worker.id,
        worker_id=worker.worker_id,
        name=worker.name or worker.worker_id,
        version=worker.version or None,
        queues=worker.queues,
        capabilities=worker.actions,
        last_seen_at=instant(worker.last_seen_at),
        last_heartbeat_at=instant(worker.last_heartbeat_at),
        stale=now - worker.last_seen_at > STALE_AFTER,
        jobs=[
            present(
                job_id=job.id,
                run_id=job.run_id,
                step_name=job.step_name,
                action=job.action,
                attempt=job.attempt,
                claimed_at=instant(job.claimed_at),
            )
            for job in doing
        ],
    )
