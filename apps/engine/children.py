"""Steps that start a run of another definition, and go on without waiting for it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.engine.decisions import StartChild
from apps.engine.expressions import ExpressionError, text_of
from apps.engine.failures import fail_step
from apps.engine.inputs import ChildFailed, ChildStarted
from apps.engine.limits import NAME_CHARS_MAX
from apps.engine.move import Move
from apps.engine.routing import finish_task
from apps.engine.spec import ChildStep
from apps.engine.state import Path


def open_child(move: Move, path: Path, step: ChildStep) -> None:
    """Ask for the run. Nothing is waited for but that it exists.

    Raises:
        ExpressionError: the definition or what the child gets has no value.
    """
    roots = move.roots(path)
    definition = text_of(step.definition.render(roots))
    if not definition.strip() or len(definition) > NAME_CHARS_MAX:
        raise ExpressionError("the name of the definition is blank or too long")
    given = _given(step, roots)
    task = move.new_task()
    move.put(replace(path, task=task))
    move.decide(StartChild(task.id, step.name, definition, **given))


def _given(step: ChildStep, roots: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the child gets, by the words of the dialect."""
    if step.inputs is not None:
        return {"inputs": step.inputs.render(roots)}
    event = roots.get("event") if step.event is None else step.event.render(roots)
    config = None if step.config is None else step.config.render(roots)
    return {"event": event, "config": config}


def end_child(move: Move, path: Path, received: ChildStarted | ChildFailed) -> bool:
    """The run exists, or cannot be started."""
    if not isinstance(move.spec.step(path.step), ChildStep):
        return False
    match received:
        case ChildStarted(child_run_id=child_run_id):
            finish_task(move, path, {"run_id": child_run_id})
        case ChildFailed(error_type=kind, message=message):
            fail_step(move, path, kind, message)
    return True
