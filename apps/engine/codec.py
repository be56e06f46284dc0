"""The state as JSON and back, exactly. Short keys, and nothing that is default.

The inputs of a run never change and are stored with it, so they are not repeated.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from apps.engine.state import (
    Loop,
    Path,
    PathPhase,
    RunState,
    RunStatus,
    Signal,
    Task,
    TaskPhase,
)

VERSION: Final = 1

_RUN_STATUSES: Final = {status.value: status for status in RunStatus}
_TASK_PHASES: Final = {phase.value: phase for phase in TaskPhase}
_PATH_PHASES: Final = {phase.value: phase for phase in PathPhase}


def encode_state(state: RunState) -> dict[str, Any]:
    """Return ``state`` without its inputs, ready for JSON.

    Values from outside are shared, not copied: write the result out, do not keep it.
    """
    data: dict[str, Any] = {
        "v": VERSION,
        "status": state.status.value,
        "next": state.next_task_id,
        "paths": [_encode_path(path) for path in state.paths.values()],
    }
    if state.attempt != 1:
        data["attempt"] = state.attempt
    if state.signals:
        data["signals"] = [_encode_signal(signal) for signal in state.signals]
    if state.seen:
        data["seen"] = list(state.seen)
    if state.events:
        data["events"] = [list(taken) for taken in state.events]
    if state.began is not None:
        data["began"] = state.began.isoformat()
    if state.deadline is not None:
        data["deadline"] = state.deadline.isoformat()
    if state.budget is not None:
        data["budget"] = state.budget
    if state.spent:
        data["spent"] = state.spent
    if state.settled_at is not None:
        data["settled"] = state.settled_at.isoformat()
    return data


def decode_state(data: Mapping[str, Any], inputs: Mapping[str, Any]) -> RunState:
    """Return the state that ``encode_state`` wrote, with the run's ``inputs``.

    Raises:
        ValueError: written by a version this code does not know.
    """
    if data.get("v") != VERSION:
        raise ValueError(f"state version {data.get('v')!r}, expected {VERSION}")
    return RunState(
        status=_RUN_STATUSES[data["status"]],
        attempt=data.get("attempt", 1),
        inputs=inputs,
        paths={item["name"]: _decode_path(item) for item in data["paths"]},
        signals=tuple(Signal(*item) for item in data.get("signals", ())),
        seen=tuple(data.get("seen", ())),
        events=tuple((id_, before) for id_, before in data.get("events", ())),
        next_task_id=data["next"],
        settled_at=_instant(data.get("settled")),
        began=_instant(data.get("began")),
        deadline=_instant(data.get("deadline")),
        budget=data.get("budget"),
        spent=data.get("spent", 0.0),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _encode_signal(signal: Signal) -> list[Any]:
    data: list[Any] = [signal.id, signal.name, signal.payload]
    return [*data, signal.run_id] if signal.run_id else data


def _encode_path(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": path.name,
        "step": path.step,
        "phase": path.phase.value,
        "vars": path.variables,
    }
    if path.output is not None:
        data["output"] = path.output
    if path.task is not None:
        data["task"] = _encode_task(path.task)
    if path.loop is not None:
        loop = path.loop
        data["loop"] = [list(loop.items), list(loop.results), loop.had, loop.saved]
    if path.parent:
        data["parent"] = path.parent
    if path.late_for:
        data["late"] = path.late_for
    return data


def _decode_path(data: Mapping[str, Any]) -> Path:
    task, loop = data.get("task"), data.get("loop")
    return Path(
        data["name"],
        data["step"],
        _PATH_PHASES[data["phase"]],
        data["vars"],
        data.get("output"),
        None if task is None else _decode_task(task),
        None if loop is None else Loop(tuple(loop[0]), tuple(loop[1]), *loop[2:]),
        data.get("parent", ""),
        data.get("late", ""),
    )


def _encode_task(task: Task) -> list[Any]:
    data: list[Any] = [task.id, task.phase.value, task.attempt, task.rule]
    if task.subject or task.due_at is not None:
        due_at = None if task.due_at is None else task.due_at.isoformat()
        data += [task.subject, due_at]
    return data


def _decode_task(data: list[Any]) -> Task:
    phase = _TASK_PHASES[data[1]]
    if len(data) == 4:
        return Task(data[0], phase, data[2], data[3])
    return Task(data[0], phase, data[2], data[3], data[4], _instant(data[5]))
