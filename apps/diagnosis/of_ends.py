"""How a run ended, and whether it can go on."""

from typing import Any

from apps.diagnosis.reasons import Code, Reason
from apps.diagnosis.selectors import Facts
from apps.engine.retry import STATE_LIMIT
from apps.engine.state import PathPhase, RunStatus
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.workflows.models import Dialect


def end_reason(facts: Facts) -> Reason:
    """Return how a run that is over ended."""
    run = facts.run
    details: dict[str, Any] = {"stop_reason": run.stop_reason}
    since = run.completed_at
    match RunStatus(run.status):
        case RunStatus.COMPLETED:
            details["retry"] = {"possible": False}
            return Reason(Code.COMPLETED, "completed", since=since, details=details)
        case RunStatus.CANCELLED:
            why = f": {run.error_message}" if run.error_message else ""
            details["retry"] = {"possible": False}
            message = f"cancelled{why}; it is over for good, start another"
            return Reason(Code.CANCELLED, message, since=since, details=details)
        case _:
            return _failed(facts, details)


def _failed(facts: Facts, details: dict[str, Any]) -> Reason:
    run = facts.run
    step = _failed_step(facts)
    needs = _needs(facts)
    details |= {"error_type": run.error_type, "error": run.error_message}
    details["retry"] = {"possible": True, "call": _call(run), "needs": needs}
    where = f" at step {step}" if step else ""
    also = f", with {' and '.join(needs)}" if needs else ""
    return Reason(
        Code.FAILED,
        f"failed{where}, {run.error_type}: {run.error_message[:300]}; it can go on"
        f" there by {_call(run)}{also}",
        step=step,
        since=run.completed_at,
        details=details,
    )


def _failed_step(facts: Facts) -> str:
    """Return the step of the last failure; of a pruned timeline, where it stands."""
    lines = RunEvent.objects.filter(
        run_id=facts.run.id, type="run.failed", from_worker=False
    )
    line = lines.order_by("-seq").first()
    if line is not None:
        return str(line.payload.get("step", ""))
    paths = facts.state.paths.values() if facts.state is not None else ()
    live = (path.step for path in paths if path.phase is PathPhase.LIVE)
    return next(live, "")


def _call(run: Run) -> str:
    linear = run.dialect != Dialect.WORKFLOW
    return f"POST runs/{run.id}/retry" if linear else "POST runs/retries"


def _needs(facts: Facts) -> list[str]:
    """Return what a retry has to bring along."""
    run, state, needs = facts.run, facts.state, []
    if run.deadline_at is not None and run.deadline_at <= facts.now:
        needs.append("wall_clock_extend_seconds, as its wall clock has run out")
    if state is not None and state.budget is not None and state.spent > state.budget:
        needs.append(f"credit_budget above the {state.spent:g} that were spent")
    if run.error_type == STATE_LIMIT:
        needs.append("a smaller output of the step, or a higher MOBIUS_STATE_BYTES_MAX")
    return needs
