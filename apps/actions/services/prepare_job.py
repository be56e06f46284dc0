"""Make ready to run a job of the server's: everything but the network."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.actions.builtin import BUILTINS
from apps.actions.calling import prepare_custom
from apps.actions.calls import (
    DISABLED,
    INTERNAL,
    INVALID_INPUT,
    UNKNOWN_ACTION,
    Attempt,
    Call,
    Outcome,
    failed,
)
from apps.actions.models import (
    CustomAction,
    EndpointKind,
    Invocation,
    InvocationOrigin,
)
from apps.actions.schemas import misfit
from apps.actions.selectors import find_call
from apps.identity.models import Principal, PrincipalKind
from apps.jobs.services.claim_for_server import ServerJob


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is ready: its outcome, or how to get one."""

    call: Call
    ready: Outcome | Attempt


@transaction.atomic
def prepare_job(job: ServerJob, *, now: datetime) -> Prepared | None:
    """Read what the job needs and note that it is under way; None if it is called by
    nobody: then there is nothing to run, and its lease may run out.

    What is wrong with the input or the action is an outcome, not an error.
    """
    invocation = find_call(job.run_id, job.task_id)
    if invocation is None:
        return None
    mine = CustomAction.objects.filter(project_id=job.project_id, name=job.action)
    action = mine.select_related("project").first()
    actor_type = invocation.actor_type or _kind_of(job.project_id, invocation.actor_id)
    Invocation.objects.filter(id=invocation.id).update(
        started_at=invocation.started_at or now,
        actor_type=actor_type,
        action_id=action.id if action else "",
        job_id=job.id,
    )
    call = _call(job, invocation, actor_type)
    return Prepared(call, _ready(call, action))


def _call(job: ServerJob, invocation: Invocation, actor_type: str) -> Call:
    is_step = invocation.origin == InvocationOrigin.STEP
    limits = [job.timeout_seconds, invocation.timeout_seconds]
    return Call(
        id=invocation.id,
        project_id=job.project_id,
        action=job.action,
        parameters=job.parameters,
        run_id=job.run_id if is_step else "",
        job_id=job.id,
        step_name=job.step_name if is_step else "",
        attempt=job.attempt,
        seconds=min((limit for limit in limits if limit is not None), default=None),
        actor_id=invocation.actor_id,
        actor_type=actor_type,
        origin=invocation.origin,
        definition_id=invocation.definition_id,
    )


def _ready(call: Call, action: CustomAction | None) -> Outcome | Attempt:
    builtin = BUILTINS.get(call.action)
    if builtin is not None:
        problem = misfit(call.parameters, builtin.input_schema)
        if problem:
            return failed(INVALID_INPUT, problem)
        return builtin.prepare(call)
    if action is None:
        return failed(UNKNOWN_ACTION, f"there is no action {call.action} here")
    if not action.enabled:
        return failed(DISABLED, f"the action {call.action} is disabled")
    if action.endpoint_kind != EndpointKind.HTTP:
        words = f"{call.action} is served by workers: the server cannot run it"
        return failed(UNKNOWN_ACTION, words)
    problem = misfit(call.parameters, action.input_schema)
    if problem:
        return failed(INVALID_INPUT, problem)
    return prepare_custom(call, action)


def _kind_of(project_id: str, actor_id: str) -> str:
    rows = Principal.objects.filter(project_id=project_id, id=actor_id)
    kind = rows.values_list("kind", flat=True).first()
    return kind or PrincipalKind.SYSTEM.value


def fault(error: BaseException) -> Outcome:
    """Return the outcome for a fault of ours: it ends the attempt, and no other."""
    return failed(INTERNAL, f"a fault of the server: {type(error).__name__}")
