"""Call an action directly, without a run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.actions.catalog import Entry
from apps.actions.models import Invocation, InvocationOrigin
from apps.actions.schemas import misfit
from apps.api.body import invalid_field
from apps.jobs.models import Origin
from apps.jobs.queues import SERVER_QUEUE
from apps.jobs.services.enqueue import NewJob, enqueue_jobs
from apps.kernel.errors import Conflict
from apps.kernel.ids import IdKind, new_id

ATTEMPTS_MAX: Final = 3
TASK_ID: Final = 1
#: What jobs without a run are shown as to workers.
WORKFLOW_NAME: Final = "invoke"
#: After its time a call gets this much for the word that it is over.
GRACE: Final = timedelta(seconds=2)


def check_input(entry: Entry, given: Mapping[str, Any]) -> None:
    """Make sure that the action can be called, and with this.

    Raises:
        Conflict: it is disabled, or no worker serves it.
        Invalid: the input does not fit the action's schema.
    """
    if entry.reason:
        raise Conflict(
            f"action {entry.name} is not ready: {entry.reason}",
            code="action_not_ready",
            reason=entry.reason,
        )
    owner = entry.builtin or entry.custom
    problem = misfit(given, owner.input_schema) if owner is not None else ""
    if problem:
        raise invalid_field("input", problem)


@transaction.atomic
def invoke_action(
    project_id: str,
    entry: Entry,
    given: Mapping[str, Any],
    *,
    timeout_seconds: float,
    actor_id: str,
    actor_type: str,
    now: datetime,
) -> Invocation:
    """Write down the call and its first attempt; who runs it is told after the commit.

    Raises:
        Conflict, Invalid: as ``check_input``.
    """
    check_input(entry, given)
    invocation = Invocation(
        id=new_id(IdKind.INVOCATION),
        project_id=project_id,
        action=entry.name,
        action_id=entry.custom.id if entry.custom else "",
        kind=entry.kind,
        origin=InvocationOrigin.DIRECT,
        actor_id=actor_id,
        actor_type=actor_type,
        parameters=dict(given),
        timeout_seconds=timeout_seconds,
        expires_at=now + timedelta(seconds=timeout_seconds) + GRACE,
        created_at=now,
    )
    queue = entry.queue if entry.kind == "worker" else SERVER_QUEUE
    invocation.job_id = enqueue_attempt(invocation, queue, attempt=1, now=now)
    invocation.save(force_insert=True)
    return invocation


def enqueue_attempt(
    invocation: Invocation, queue: str, *, attempt: int, now: datetime
) -> str:
    """Put an attempt at a direct call on a queue; return the job's id."""
    job = NewJob(
        project_id=invocation.project_id,
        run_id=invocation.id,
        task_id=TASK_ID,
        workflow_name=WORKFLOW_NAME,
        step_name=invocation.action,
        path="main",
        action=invocation.action,
        queue=queue,
        parameters=invocation.parameters,
        attempt=attempt,
        max_attempts=ATTEMPTS_MAX,
        available_at=now,
        timeout_seconds=invocation.timeout_seconds,
        origin=Origin.DIRECT,
    )
    enqueue_jobs([job], now=now)
    return job.id
