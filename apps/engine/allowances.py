"""What a run may take and spend: its wall clock, its budget, its room."""

from typing import Final

from apps.engine.decisions import SetDeadline
from apps.engine.inputs import (
    DeadlineReached,
    RetryRequested,
    RunCreated,
    StateOutgrown,
    UsageReported,
)
from apps.engine.move import STEP_FAILED, Move
from apps.engine.retry import BUDGET, STATE_LIMIT, WALL_CLOCK
from apps.engine.state import PathPhase

#: Credits are counted to this many digits, so that 0.1 and 0.2 are 0.3.
_CREDIT_DIGITS: Final = 6


def grant(move: Move, received: RunCreated) -> None:
    """Give a new run what its spec or its caller allows it."""
    linear = move.spec.linear
    if linear is None:
        return
    budget = received.credit_budget
    if budget is None:
        budget = linear.credit_budget
    move.budget = None if budget is None else round(budget, _CREDIT_DIGITS)
    if linear.wall_clock is not None:
        move.began = move.at
        move.deadline = move.at + linear.wall_clock
        move.decide(SetDeadline(move.deadline))


def grant_more(move: Move, received: RetryRequested) -> bool:
    """Give a run that goes on what it needs; False when it is still beyond a limit.

    A run without a wall clock does not get one by being given more time.
    """
    if received.extend is not None and move.deadline is not None:
        move.deadline = max(move.deadline, move.at) + received.extend
    if received.credit_budget is not None:
        move.budget = round(received.credit_budget, _CREDIT_DIGITS)
    if move.deadline is not None and move.deadline <= move.at:
        return False
    if move.budget is not None and move.spent > move.budget:
        return False
    if move.deadline is not None:
        move.decide(SetDeadline(move.deadline))
    return True


def check_deadline(move: Move, received: DeadlineReached) -> bool:
    """End the run if its time is up; an earlier deadline was prolonged."""
    if move.deadline is None or received.at < move.deadline:
        return False
    began = move.began
    move.reach_limit(
        _where(move),
        WALL_CLOCK,
        "the wall clock of the run ran out",
        stop_reason=WALL_CLOCK,
        kind="wall_clock",
        limit=None if began is None else (move.deadline - began).total_seconds(),
        used=None if began is None else (received.at - began).total_seconds(),
    )
    return True


def spend(move: Move, received: UsageReported) -> bool:
    """Note what was used, and end the run if that is more than it may spend; False
    when the run has not begun, and so used nothing."""
    if not move.paths:
        return False
    payload = {"category": received.category, "quantity": received.quantity}
    if received.credits:
        payload["credits"] = received.credits
    move.tell("usage.recorded", {**payload, **received.facts})
    move.spent = round(move.spent + received.credits, _CREDIT_DIGITS)
    if move.budget is not None and move.spent > move.budget:
        move.reach_limit(
            _where(move),
            BUDGET,
            f"the run spent {move.spent:.12g} credits and may spend {move.budget:.12g}",
            stop_reason=BUDGET,
            kind="credit_budget",
            limit=move.budget,
            used=move.spent,
        )
    return True


def outgrow(move: Move, received: StateOutgrown) -> None:
    """End the run as it was before the input that does not fit. A retry does again
    what gave it."""
    task_id = received.task_id
    steps = (p.step for p in move.paths.values() if p.task and p.task.id == task_id)
    move.reach_limit(
        next(steps, "") or _where(move),
        STATE_LIMIT,
        f"the state of the run would take {received.used} bytes"
        f" and may take {received.limit}",
        stop_reason=STEP_FAILED,
        kind="state_bytes",
        limit=received.limit,
        used=received.used,
    )


def _where(move: Move) -> str:
    """Return the step at which the run stands."""
    live = (path for path in move.paths.values() if path.phase is PathPhase.LIVE)
    return next((path.step for path in live), "")
