"""Put a worker's own events on the run's timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.engine.state import RunStatus
from apps.jobs.fence import Fence, refuse
from apps.jobs.models import Job
from apps.jobs.owners import is_invocation
from apps.run_events.services.append import Entry, append_run_events
from apps.run_events.vocabulary import BY_WORKERS


@transaction.atomic
def report_events(
    fence: Fence, events: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime
) -> None:
    """Append ``(type, payload)`` pairs, all or none. Locks the job, then the stream.

    A job that was called directly, without a run, has no timeline: nothing is kept.
    What workers may write as lines of the catalogue says which step and job it is of.

    Raises:
        NotFound: no such job in the project.
        LeaseLost: the fence does not hold.
    """
    job = (
        Job.objects.select_for_update()
        .filter(id=fence.job_id, project_id=fence.project_id)
        .only(*("run_id", "status", "worker_id", "attempt", "lease_token", "step_name"))
        .first()
    )
    if job is None or not fence.holds(job):
        refuse(fence, exists=job is not None)
    if is_invocation(job.run_id):
        return
    lineage = {"step": job.step_name, "job_id": job.id}
    append_run_events(
        [
            Entry(
                run_id=job.run_id,
                project_id=fence.project_id,
                type=type_,
                payload={**payload, **lineage} if type_ in BY_WORKERS else payload,
                status=RunStatus.RUNNING,
                from_worker=True,
            )
            for type_, payload in events
        ],
        now=now,
    )
