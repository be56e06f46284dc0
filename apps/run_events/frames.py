"""Pure: from a stored event to what a client reads.

A frame is ``{type, run_id, seq, timestamp, data}`` on one ``data:`` line. Every line
of the system's own becomes one of three types; a worker's own event keeps its type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from apps.api.rendering import instant, to_json
from apps.engine.state import FINISHED, RunStatus

RUN_UPDATED: Final = "run_updated"
JOB_UPDATED: Final = "job_updated"
ACTION_APPENDED: Final = "action_appended"

#: Lines that end a run; no other frame may show a final status.
TERMINAL: Final = frozenset({"run.completed", "run.failed", "run.cancelled"})

#: Old clients read lines of at most 64 KiB, ``data: `` included.
LINE_BYTES_MAX: Final = 64_000

_RUN_PREFIXES = ("run.", "step.", "wait.", "interaction.", "usage.", "limit.")
_JOB_STATUS = {
    "action.called": "pending",
    "action.claimed": "claimed",
    "action.retried": "pending",
}
_ACTION_STATUS = {"action.completed": "completed", "action.failed": "failed"}
_OURS = frozenset({RUN_UPDATED, JOB_UPDATED, ACTION_APPENDED})
_KEPT = ("status", "event")
_TRUNCATED_NAMES_MAX = 20


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A line of a timeline, as the table and the messages hold it."""

    run_id: str
    project_id: str
    seq: int
    type: str
    payload: Mapping[str, Any]
    status: str
    created_at: datetime
    from_worker: bool = False


class Frame(NamedTuple):
    """A line ready to be written.

    ``seq`` is its number, ``status`` the run's status after it; None when the line
    says nothing about that.
    """

    seq: int
    status: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Seed:
    """Where a run stands when a stream opens: number and facts of one instant."""

    run_id: str
    seq: int
    status: str
    at: datetime
    facts: Mapping[str, Any]
    dialect: str = "workflow"


def to_frame(event: StoredEvent) -> Frame:
    """Return the event's frame for a run's stream: its id is the number."""
    status = None if event.from_worker else event.status
    return Frame(event.seq, status, render(event, str(event.seq)))


def render(event: StoredEvent, event_id: str) -> bytes:
    """Return the event as bytes of server-sent events under this id."""
    type_, data = _type_and_data(event)
    fields = {
        "type": type_,
        "run_id": event.run_id,
        "seq": event.seq,
        "timestamp": instant(event.created_at),
    }
    body = _line(fields, data)
    name = re.sub(r"[\r\n\0]", "", type_).encode()
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event_id.encode(), name, body)


def render_seed(seed: Seed) -> bytes:
    """Return the first frame of a run's stream.

    It has no ``id:`` line: it is a summary, not a line of the timeline, and must
    not move the position from which a client resumes.
    """
    fields = {
        "type": RUN_UPDATED,
        "run_id": seed.run_id,
        "seq": seed.seq,
        "timestamp": instant(seed.at),
    }
    body = _line(fields, {**seed.facts, "status": seed.status})
    return b"event: %b\ndata: %b\n\n" % (RUN_UPDATED.encode(), body)


def to_event_object(event: StoredEvent) -> dict[str, Any]:
    """Return the event as an item of a JSON list."""
    return {
        "id": f"{event.run_id}.{event.seq}",
        "project_id": event.project_id,
        "run_id": event.run_id,
        "sequence": event.seq,
        "event_type": event.type,
        "payload": event.payload,
        "created_at": instant(event.created_at),
    }


def _type_and_data(event: StoredEvent) -> tuple[str, Mapping[str, Any]]:
    if event.from_worker:
        # A worker's event may be called anything, but must not pass for ours.
        own = f"worker.{event.type}" if event.type in _OURS else event.type
        return own, event.payload
    if event.type.startswith(_RUN_PREFIXES):
        status = {"status": _shown_status(event), "event": event.type}
        return RUN_UPDATED, {**event.payload, **status}
    for type_, statuses in (
        (JOB_UPDATED, _JOB_STATUS),
        (ACTION_APPENDED, _ACTION_STATUS),
    ):
        if event.type in statuses:
            status = {"status": statuses[event.type], "event": event.type}
            step = {"step_name": event.payload.get("step")}
            return type_, {**event.payload, **step, **status}
    return event.type, event.payload


def _shown_status(event: StoredEvent) -> str:
    """Return the run's status, but a final one only on the line that ends the run.

    Clients close the stream at a final status; lines of the same transaction that
    come before the end would otherwise cut it off.
    """
    if event.status in FINISHED and event.type not in TERMINAL:
        return RunStatus.RUNNING
    return event.status


def _line(fields: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
    line = to_json({**fields, "data": data})
    if len(line) > LINE_BYTES_MAX:
        line = to_json({**fields, "data": _shortened(data)})
    return line


def _shortened(data: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the biggest fields until the rest fits; ``truncated`` names them."""
    sizes = {name: len(to_json(value)) + len(name) for name, value in data.items()}
    total = sum(sizes.values()) + 8 * len(sizes)
    left_out: list[str] = []
    for name in sorted(sizes, key=lambda name: sizes[name], reverse=True):
        if total <= LINE_BYTES_MAX // 2:
            break
        if name not in _KEPT:
            left_out.append(name)
            total -= sizes[name] + 8
    kept = {name: value for name, value in data.items() if name not in left_out}
    names = [name[:64] for name in left_out[:_TRUNCATED_NAMES_MAX]]
    return {**kept, "truncated": names}
