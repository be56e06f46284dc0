"""Pure: lines of timelines as automations and loops show them.

Each event is ``{id, run_id, sequence, event_type, step_id, step_key, payload,
created_at}``, with the names of the catalogue; as a list and as a stream alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.api.rendering import instant, present, to_json
from apps.engine.state import FINISHED
from apps.run_events.frames import TERMINAL, Frame, StoredEvent
from apps.run_events.vocabulary import BY_WORKERS, VOCABULARY

#: What clients look for in every payload: only the end of a run may say it is over.
_STATUS: Final = "status"


@dataclass(frozen=True, slots=True)
class Shape:
    """In whose words a run's events are shown: those of automations name the
    organization and the project."""

    organization_id: str = ""


def step_id(run_id: str, key: str) -> str:
    """Return the id of a step of a run: it is the same wherever the step shows."""
    return f"{run_id}.{key}"


def to_object(event: StoredEvent, shape: Shape) -> dict[str, Any]:
    """Return the event as an item of a list and as the data of a frame."""
    foreign = event.from_worker and event.type not in BY_WORKERS
    step = "" if foreign else event.payload.get("step") or ""
    owner = {"org_id": shape.organization_id, "project_id": event.project_id}
    return present(
        id=f"{event.run_id}.{event.seq}",
        **(owner if shape.organization_id else {}),
        run_id=event.run_id,
        sequence=event.seq,
        event_type=_type(event),
        step_id=step_id(event.run_id, step) if step else None,
        step_key=step or None,
        payload=_payload(event),
        created_at=instant(event.created_at),
    )


def to_linear_frame(event: StoredEvent, shape: Shape) -> Frame:
    """Return the event's frame: its id is the number, its name the type."""
    item = to_object(event, shape)
    name = re.sub(r"[\r\n\0]", "", item["event_type"]).encode()
    body = b"id: %d\nevent: %b\ndata: %b\n\n" % (event.seq, name, to_json(item))
    status = None if event.from_worker else event.status
    return Frame(event.seq, status, body)


def _type(event: StoredEvent) -> str:
    """A worker's event must not pass for one of ours, but for those it may write."""
    if event.from_worker and event.type in VOCABULARY - BY_WORKERS:
        return f"worker.{event.type}"
    return event.type


def _payload(event: StoredEvent) -> Mapping[str, Any]:
    payload = event.payload
    if event.type in TERMINAL and not event.from_worker:
        return payload
    if payload.get(_STATUS) in FINISHED:
        others = {name: value for name, value in payload.items() if name != _STATUS}
        return {**others, "reported_status": payload[_STATUS]}
    return payload
