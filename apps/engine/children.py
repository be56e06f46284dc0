"""Steps that start a run of another definition, and go on without waiting for it."""

from dataclasses import replace

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
        ExpressionError: the definition, the event or the config has no value.
    """
    roots = move.roots(path)
    definition = text_of(step.definition.render(roots))
    if not definition.strip() or len(definition) > NAME_CHARS_MAX:
        raise ExpressionError("the loop_id is blank or too long")
    event = roots.get("event") if step.event is None else step.event.render(roots)
    config = None if step.config is None else step.config.render(roots)
    task = move.new_task()
    move.put(replace(path, task=task))
    move.decide(StartChild(task.id, step.name, definition, event, config))


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
