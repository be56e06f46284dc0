"""Starting the step at which a path has arrived."""

from typing import Final

from apps.engine.checks import run_check
from apps.engine.children import open_child
from apps.engine.expressions import ExpressionError
from apps.engine.failures import fail_step
from apps.engine.jobs import open_job
from apps.engine.joins import arrive
from apps.engine.loops import begin_loop, end_loop, with_item
from apps.engine.move import Move
from apps.engine.retry import AGENT_UNAVAILABLE, EXPRESSION
from apps.engine.routing import finish_step, skip_step
from apps.engine.spec import (
    KINDS,
    ActionStep,
    AgentStep,
    CheckStep,
    ChildStep,
    JoinStep,
    Step,
)
from apps.engine.state import Path
from apps.engine.waits import open_wait

NO_AGENTS: Final = "this server runs no agents yet: use an action that calls one"


def start_step(move: Move, name: str, announce: str) -> None:
    """Start the step of the path called ``name``, or the next item of its ``each``.

    ``announce`` is ``step.started``, ``step.retried`` after a run retry, or "" for
    another item of a step that was announced before.
    """
    path = move.paths[name]
    step = move.spec.step(path.step)
    if not move.count_start():
        move.fail_limit(step.name)
        return
    if isinstance(step, JoinStep):
        arrive(move, path, step)
        return
    try:
        if not _is_wanted(move, path, step):
            skip_step(move, path, "the condition does not hold")
            return
    except ExpressionError as error:
        _announce(move, path, step, announce)
        message = f"the condition of {step.name} has no value: {error}"
        fail_step(move, path, EXPRESSION, message)
        return
    _announce(move, path, step, announce)
    try:
        if step.each is not None and path.loop is None:
            path = begin_loop(path, step.each, move.roots(path))
        if step.each is not None and path.loop is not None:
            if not path.loop.items:
                finish_step(move, end_loop(move.spec, path), [])
                return
            path = with_item(path, step.each)
        match step:
            case ActionStep():
                open_job(move, path, step)
            case CheckStep():
                run_check(move, path, step)
            case ChildStep():
                open_child(move, path, step)
            case AgentStep():
                fail_step(move, path, AGENT_UNAVAILABLE, NO_AGENTS)
            case _:
                open_wait(move, path, step)
    except ExpressionError as error:
        fail_step(move, path, EXPRESSION, f"{step.name} cannot be started: {error}")


def _is_wanted(move: Move, path: Path, step: Step) -> bool:
    """Say whether the step's conditions hold; raises ``ExpressionError``."""
    conditions = [step.run_if]
    if isinstance(step, ChildStep):
        conditions.append(step.start_if)
    given = [condition for condition in conditions if condition is not None]
    return not given or all(one.holds(move.roots(path)) for one in given)


def _announce(move: Move, path: Path, step: Step, announce: str) -> None:
    kind = KINDS[type(step)]
    if announce == "step.retried":
        move.record(
            announce,
            path,
            step=step.name,
            kind=kind,
            attempt=move.attempt,
            retry_scope="run_recovery",
        )
    elif announce:
        move.record(announce, path, step=step.name, kind=kind)
