"""Ask people for a run that is under way; the answer is a signal to it."""

from datetime import datetime

from django.db import transaction

from apps.engine.state import FINISHED, RunStatus
from apps.interactions.models import Interaction, Origin
from apps.interactions.question import Asker, Question
from apps.interactions.services.create import create_interaction
from apps.jobs.fence import Fence, refuse
from apps.jobs.models import Job, JobStatus
from apps.kernel.errors import Conflict, NotFound
from apps.runs.models import Run


@transaction.atomic
def ask_for_run(
    project_id: str,
    run_id: str,
    question: Question,
    *,
    signal_name: str,
    created_by: str,
    target_path: str,
    now: datetime,
) -> Interaction:
    """Put a question for a run. Locks the run: one that ends withdraws it.

    Raises:
        NotFound: the project has no such run.
        Conflict: the run is finished.
        Invalid: see ``create_interaction``.
    """
    run = _lock_run(project_id, run_id)
    asker = Asker(
        origin=Origin.RUN,
        created_by=created_by,
        initiator_id=run.actor_id,
        run_id=run_id,
        signal_name=signal_name,
        paths={"target": target_path},
    )
    return create_interaction(project_id, question, asker, now=now)


@transaction.atomic
def ask_from_job(
    project_id: str,
    job_id: str,
    question: Question,
    *,
    fence: Fence | None,
    signal_name: str,
    step_name: str,
    created_by: str,
    target_path: str,
    now: datetime,
) -> Interaction:
    """Put a question from a job in a worker's hands. Locks its run, then the job.

    ``signal_name`` "" is ``step_name``, and that the job's own step. Without a fence
    it is enough that some worker holds the job.

    Raises:
        NotFound: the project has no such job.
        LeaseLost: the fence does not hold.
        Conflict: nobody holds the job, or its run is finished or being cancelled.
        Invalid: see ``create_interaction``.
    """
    run_id = (
        Job.objects.filter(project_id=project_id, pk=job_id)
        .values_list("run_id", flat=True)
        .first()
    )
    if run_id is None:
        raise NotFound(f"job {job_id} not found")
    run = _lock_run(project_id, run_id)
    job = Job.objects.select_for_update().get(pk=job_id)
    held = job.status == JobStatus.CLAIMED
    if fence is not None and not fence.holds(job):
        refuse(fence, exists=True)
    if not held:
        raise Conflict(f"job {job_id} is {job.status}, not claimed", status=job.status)
    step = step_name or job.step_name
    asker = Asker(
        origin=Origin.JOB,
        created_by=created_by,
        initiator_id=run.actor_id,
        run_id=run.id,
        job_id=job.id,
        step_name=step,
        signal_name=signal_name or step,
        paths={"target": target_path},
    )
    return create_interaction(project_id, question, asker, now=now)


def _lock_run(project_id: str, run_id: str) -> Run:
    run = (
        Run.objects.select_for_update()
        .only("id", "status", "actor_id", "cancel_requested")
        .filter(project_id=project_id, pk=run_id)
        .first()
    )
    if run is None:
        raise NotFound(f"run {run_id} not found")
    if RunStatus(run.status) in FINISHED or run.cancel_requested:
        raise Conflict(f"run {run_id} is {run.status}", status=run.status)
    return run
