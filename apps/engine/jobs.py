"""Action steps: one task is one job, tried as often as its retry rule allows."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.engine.decisions import EnqueueJob
from apps.engine.expressions import ExpressionError
from apps.engine.failures import fail_step
from apps.engine.move import Move
from apps.engine.retry import (
    DEFAULT_RETRY,
    EXPRESSION,
    LEASE_EXPIRED,
    SERVER_RETRY,
    attempts_max,
    delay_after,
    pick_rule,
    timeout_of,
)
from apps.engine.routing import finish_task
from apps.engine.spec import ActionStep, RetryRule
from apps.engine.state import Path, Task, TaskPhase


def open_job(move: Move, path: Path, step: ActionStep) -> None:
    """Give the action of ``step`` to the workers.

    Raises:
        ExpressionError: a parameter has no value.
    """
    parameters = step.parameters.render(move.roots(path))
    task = move.new_task()
    path = move.put(replace(path, task=task))
    _enqueue(move, path, step, task, parameters, move.at)
    move.record(
        "action.called",
        path,
        action=step.action,
        step=step.name,
        parameters=parameters,
        task_id=task.id,
        attempt=task.attempt,
    )


def claim_job(move: Move, path: Path, task: Task, worker_id: str) -> None:
    """A worker has the job in hands."""
    move.put(replace(path, task=replace(task, phase=TaskPhase.CLAIMED)))
    step = _action_step(move, path)
    move.record(
        "action.claimed",
        path,
        action=step.action,
        step=step.name,
        task_id=task.id,
        attempt=task.attempt,
        worker_id=worker_id,
    )


def complete_job(move: Move, path: Path, task: Task, output: Any) -> None:
    """The action succeeded."""
    step = _action_step(move, path)
    move.record(
        "action.completed",
        path,
        action=step.action,
        step=step.name,
        result=output,
        task_id=task.id,
        attempt=task.attempt,
    )
    told = len(move.decisions)
    finish_task(move, path, output)
    # A run that ended right here takes no line any more: then it comes before.
    _record_usage(move, path, task, step, told if move.finished else None)


def _record_usage(
    move: Move, path: Path, task: Task, step: ActionStep, at: int | None
) -> None:
    payload = {
        "category": "job_execution",
        "quantity": 1,
        "step": step.name,
        "action": step.action,
        "task_id": task.id,
        "attempt": task.attempt,
    }
    move.tell("usage.recorded", payload, at)


def fail_job(
    move: Move, path: Path, task: Task, error_type: str, message: str, jitter: float
) -> None:
    """The attempt failed: try again if a rule says so, else the step has failed.

    After a lost lease the next attempt is due at once: nothing suggests that the
    work itself is at fault.
    """
    step = _action_step(move, path)
    rules = _rules_of(step)
    move.record(
        "action.failed",
        path,
        action=step.action,
        step=step.name,
        error=message,
        error_type=error_type,
        task_id=task.id,
        attempt=task.attempt,
    )
    _record_usage(move, path, task, step, None)
    picked = pick_rule(rules, task.rule, error_type)
    if picked < 0 or task.attempt >= attempts_max(rules, picked):
        fail_step(move, path, error_type, message)
        return
    not_before = move.at
    if error_type != LEASE_EXPIRED:
        not_before += delay_after(rules[picked], task.attempt, jitter)
    again = Task(id=task.id, attempt=task.attempt + 1, rule=picked)
    _try_again(move, path, again, not_before, error_type, message)


def _try_again(
    move: Move,
    path: Path,
    task: Task,
    not_before: datetime,
    error_type: str,
    message: str,
) -> None:
    step = _action_step(move, path)
    try:
        parameters = step.parameters.render(move.roots(path))
    except ExpressionError as error:
        fail_step(move, path, EXPRESSION, f"a parameter has no value: {error}")
        return
    most = attempts_max(_rules_of(step), task.rule)
    path = move.put(replace(path, task=task))
    move.record(
        "step.retried",
        path,
        step=step.name,
        kind="action",
        attempt=task.attempt,
        max_attempts=most,
        retry_scope="transient" if error_type == LEASE_EXPIRED else "step_policy",
        error_type=error_type,
        error=message,
    )
    _enqueue(move, path, step, task, parameters, not_before)
    move.record(
        "action.retried",
        path,
        action=step.action,
        step=step.name,
        attempt=task.attempt,
        max_attempts=most,
        task_id=task.id,
    )


def _enqueue(
    move: Move,
    path: Path,
    step: ActionStep,
    task: Task,
    parameters: Any,
    not_before: datetime,
) -> None:
    rules = _rules_of(step)
    move.decide(
        EnqueueJob(
            task_id=task.id,
            step=step.name,
            path=path.name,
            action=step.action,
            parameters=parameters,
            attempt=task.attempt,
            max_attempts=attempts_max(rules, task.rule),
            not_before=not_before,
            timeout=timeout_of(rules, task.rule),
            server=step.server,
        )
    )


def _rules_of(step: ActionStep) -> tuple[RetryRule, ...]:
    return step.retry or (SERVER_RETRY if step.server else DEFAULT_RETRY,)


def _action_step(move: Move, path: Path) -> ActionStep:
    step = move.spec.step(path.step)
    assert isinstance(step, ActionStep), "only action steps have jobs"
    return step
