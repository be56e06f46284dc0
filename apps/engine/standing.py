"""Where the paths of a run stand, and the status that callers see because of it."""

from typing import Any, Final

from apps.engine.decisions import RecordRunEvent
from apps.engine.event_waits import listen, signal_envelope
from apps.engine.events import covers
from apps.engine.inputs import (
    EventReceived,
    Input,
    InteractionFailed,
    InteractionResolved,
    ResumeRequested,
    SignalSent,
    StepResumed,
    TimerFired,
)
from apps.engine.move import Move
from apps.engine.spec import (
    MAIN,
    EventWaitStep,
    InteractionStep,
    PauseStep,
    WaitSignalStep,
)
from apps.engine.state import Path, RunStatus, Signal, TaskPhase
from apps.engine.waits import wait_kind

_RESUMED_BY: Final[dict[type[Any], str]] = {
    SignalSent: "signal",
    TimerFired: "timer",
    EventReceived: "event",
    InteractionResolved: "interaction",
    InteractionFailed: "interaction",
    ResumeRequested: "resume",
    StepResumed: "signal",
}


def at_task(move: Move, task_id: int) -> Path | None:
    """Return the path whose open task is ``task_id``, None if there is none."""
    for path in move.paths.values():
        if path.task is not None and path.task.id == task_id:
            return path
    return None


def waiting(move: Move, task_id: int) -> Path | None:
    """Return the path whose open task ``task_id`` is a wait, None if there is none."""
    path = at_task(move, task_id)
    if path is None or path.task is None or path.task.phase is not TaskPhase.WAITING:
        return None
    return path


def _all_waiting(move: Move) -> list[Path]:
    """Return the waiting paths, the one that began to wait first in front."""
    found = [
        (path.task.id, path)
        for path in move.paths.values()
        if path.task is not None and path.task.phase is TaskPhase.WAITING
    ]
    return [path for _, path in sorted(found, key=lambda pair: pair[0])]


def paused(move: Move) -> list[Path]:
    """Return the paths that wait for somebody to resume the run."""
    return [
        path
        for path in _all_waiting(move)
        if isinstance(move.spec.step(path.step), PauseStep)
    ]


def waiting_at(move: Move, step: str) -> Path | None:
    """Return the path that has waited longest at ``step`` for an event or a resume."""
    for path in _all_waiting(move):
        kind = move.spec.step(path.step)
        if path.step == step and isinstance(kind, EventWaitStep | PauseStep):
            return path
    return None


def listening(move: Move, signal: Signal) -> Path | None:
    """Return the path that has waited longest for this signal.

    An interaction listens to the name of its step, where an answer may come as a
    signal. A wait for ``signal.<name>`` looks at the signal's content, too.
    """
    for path in _all_waiting(move):
        match move.spec.step(path.step):
            case WaitSignalStep() if path.task is not None:
                listens_to = path.task.subject
            case InteractionStep(name=step_name, takes_signals=True):
                listens_to = step_name
            case EventWaitStep() as step if path.task is not None:
                envelope = signal_envelope(signal)
                if not covers(path.task.subject, envelope.event_type):
                    continue
                if listen(step, move.roots(path)).takes(envelope):
                    return path
                continue
            case _:
                continue
        if listens_to == signal.name:
            return path
    return None


def show_status(move: Move, received: Input) -> None:
    """Work out the status of a run under way, and say so where it changed."""
    before, after = move.status, _status_under_way(move)
    move.status = after
    if after is before:
        if _waits_elsewhere(move):
            _tell_resumed(move, received)
            move.decide(RecordRunEvent("run.suspended", _first_wait(move)))
        return
    if before is RunStatus.SUSPENDED:
        _tell_resumed(move, received)
    elif after is RunStatus.SUSPENDED:
        move.decide(RecordRunEvent("run.suspended", _first_wait(move)))
    else:
        move.tell(f"run.{after}", {})


def show_end(move: Move, received: Input) -> None:
    """Say that the run went on before it ended, where steps stand in a row: a wait
    may be its last step, or the last before one that is over at once."""
    waited = move.before.status is RunStatus.SUSPENDED
    if waited and move.resumed_step and move.spec.linear is not None:
        _tell_resumed(move, received)


def _waits_elsewhere(move: Move) -> bool:
    """Whether a run whose steps stand in a row goes from one wait to the next."""
    if move.spec.linear is None or not move.resumed_step:
        return False
    return all(path.step != move.resumed_step for path in _all_waiting(move))


def _tell_resumed(move: Move, received: Input) -> None:
    reason = _RESUMED_BY.get(type(received), "")
    facts = {"step": move.resumed_step, "reason": reason}
    move.decisions.insert(move.resumed_here, RecordRunEvent("run.resumed", facts))


def _status_under_way(move: Move) -> RunStatus:
    phases = {path.task.phase for path in move.paths.values() if path.task is not None}
    if TaskPhase.CLAIMED in phases:
        return RunStatus.RUNNING
    if TaskPhase.PENDING in phases or not move.paths:
        return RunStatus.QUEUED
    return RunStatus.SUSPENDED


def _first_wait(move: Move) -> dict[str, Any]:
    path = _all_waiting(move)[0]
    step, task = move.spec.step(path.step), path.task
    due_at = task.due_at if task is not None else None
    facts = {
        "step": step.name,
        "wait_kind": wait_kind(step).value,
        "subject": task.subject if task is not None else "",
        "deadline": due_at.isoformat() if due_at is not None else None,
    }
    return facts if path.name == MAIN else {**facts, "path": path.name}
