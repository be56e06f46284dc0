"""What a run may take and spend: its wall clock, its budget, its room."""

from apps.engine.decisions import SetDeadline
from apps.engine.inputs import (
    DeadlineReached,
    RetryRequested,
    RunCreated,
    StateOutgrown,
    UsageReported,
)
from apps.engine.move import Move
from apps.engine.retry import BUDGET, STATE_LIMIT, WALL_CLOCK
from apps.engine.state import PathPhase


def grant(move: Move, received: RunCreated) -> None:
    """Give a new run what its spec or its caller allows it."""
    linear = move.spec.linear
    if linear is None:
        return
    move.budget = received.credit_budget
    if move.budget is None:
        move.budget = linear.credit_budget
    if linear.wall_clock is not None:
        move.deadline = move.at + linear.wall_clock
        move.decide(SetDeadline(move.deadline))


def grant_more(move: Move, received: RetryRequested) -> bool:
    """Give a run that goes on what it needs; False when it is still beyond a limit."""
    if received.extend is not None:
        move.deadline = move.at + received.extend
    if received.credit_budget is not None:
        move.budget = received.credit_budget
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
    linear = move.spec.linear
    allowed = linear.wall_clock if linear is not None else None
    move.reach_limit(
        _where(move),
        WALL_CLOCK,
        "the wall clock of the run ran out",
        kind="wall_clock",
        limit=None if allowed is None else allowed.total_seconds(),
        used=None
        if allowed is None
        else (allowed + (received.at - move.deadline)).total_seconds(),
    )
    return True


def spend(move: Move, received: UsageReported) -> None:
    """Note what was used, and end the run if that is more than it may spend."""
    payload = {"category": received.category, "quantity": received.quantity}
    if received.credits:
        payload["credits"] = received.credits
    move.tell("usage.recorded", {**payload, **received.facts})
    move.spent += received.credits
    if move.budget is not None and move.spent > move.budget:
        move.reach_limit(
            _where(move),
            BUDGET,
            f"the run spent {move.spent:g} credits and may spend {move.budget:g}",
            kind="credit_budget",
            limit=move.budget,
            used=move.spent,
        )


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
        kind="state_bytes",
        limit=received.limit,
        used=received.used,
    )


def _where(move: Move) -> str:
    """Return the step at which the run stands."""
    live = (path for path in move.paths.values() if path.phase is PathPhase.LIVE)
    return next((path.step for path in live), "")
