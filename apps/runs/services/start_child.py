"""Start the run that a step of another run asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.engine.inputs import ChildFailed, ChildStarted
from apps.kernel.errors import Invalid, MobiusError
from apps.runs.limits import DEPTH_MAX
from apps.runs.services.progress import Received, progress_runs
from apps.runs.services.start import NewRun, start_run
from apps.runs.store import LockedRun, lock_runs

DEPTH: Final = "depth_limit"


def start_child(event: Mapping[str, Any], now: datetime) -> None:
    """Start the run and let its parent go on, in the caller's transaction.

    A parent that is over, or whose step is, gets no child. One that cannot be started
    fails the step with what is wrong.
    """
    parents = lock_runs([event["run_id"]])
    task_id = event["task_id"]
    if not parents or task_id not in parents[0].state.tasks():
        return
    try:
        with transaction.atomic():
            child = start_run(parents[0].project_id, _child(parents[0], event), now=now)
    except MobiusError as error:
        kind = DEPTH if isinstance(error, _TooDeep) else error.code
        answer: ChildStarted | ChildFailed = ChildFailed(
            now, task_id, kind, error.message
        )
    else:
        answer = ChildStarted(now, task_id, child.id)
    progress_runs({parents[0].id: [Received(answer)]}, now=now)


class _TooDeep(Invalid):
    """Runs that start each other are stopped here."""


def _child(parent: LockedRun, event: Mapping[str, Any]) -> NewRun:
    depth = parent.depth + 1
    if depth > DEPTH_MAX:
        raise _TooDeep(f"depth limit: {parent.depth} runs led to this one")
    inputs = event.get("inputs")
    if inputs is None:
        inputs = {name: event[name] for name in ("event", "config") if event.get(name)}
    return NewRun(
        definition=event["definition"],
        queue=parent.queue,
        inputs=inputs,
        actor_type="run",
        actor_id=parent.actor_id,
        initiated_by=parent.workflow_name,
        depth=depth,
        parent_run_id=parent.id,
        parent_workflow_id=parent.workflow_id,
        parent_step=event["step"],
        source={"type": "api", "id": parent.id, "label": f"step {event['step']}"},
    )
