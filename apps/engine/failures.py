"""What an error does: another attempt, a catch, or the end of the run."""

from dataclasses import replace

from apps.engine.loops import end_loop
from apps.engine.move import STEP_FAILED, Move
from apps.engine.retry import matches_error
from apps.engine.spec import CatchRule, StepShape
from apps.engine.state import Path


def fail_step(
    move: Move,
    path: Path,
    error_type: str,
    message: str,
    stop_reason: str = STEP_FAILED,
) -> None:
    """The step of ``path`` failed for good: go where a catch leads, or end the run.

    Without a catch the path keeps its place, within an ``each`` too, so that a run
    retry goes on exactly there.
    """
    step = move.spec.step(path.step)
    move.record(
        "step.failed", path, step=step.name, error=message, error_type=error_type
    )
    rule = _catch_for(step, error_type)
    if rule is None:
        move.put(path)
        move.fail_run(step.name, error_type, message, stop_reason)
        return
    attempt = path.task.attempt if path.task is not None else 1
    path = end_loop(move.spec, path)
    variables = path.variables
    if rule.store:
        caught = {
            "Error": error_type,
            "Cause": message,
            "Details": {"step": step.name, "attempt": attempt},
        }
        variables = {**variables, rule.store: caught}
    move.enter(replace(path, step=rule.next, variables=variables, task=None))


def _catch_for(step: StepShape, error_type: str) -> CatchRule | None:
    for rule in step.catch:
        if matches_error(rule.error_equals, error_type):
            return rule
    return None
