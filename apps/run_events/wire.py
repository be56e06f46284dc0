"""How processes tell each other about new lines, in django-eventstream's words.

Each event is ``{channel, event_type, data, pub_id}`` plus ``project_id``. Without
``data`` it is only a hint: the line is in the table.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from apps.api.rendering import instant, to_json
from apps.run_events.frames import StoredEvent

#: The kind of these messages on the live channel.
KIND = "frames"
#: A longer message goes out as hints, so that Redis never carries big payloads.
MESSAGE_BYTES_MAX = 64 * 1024

_RUN = "run."


def run_channel(run_id: str) -> str:
    """Return the channel of one run."""
    return _RUN + run_id


def project_channel(project_id: str) -> str:
    """Return the channel of all runs of a project."""
    return f"project.{project_id}"


def pack(events: Sequence[StoredEvent]) -> orjson.Fragment:
    """Return the events of one append as JSON, ready to be part of a message."""
    whole = to_json([_item(event, whole=True) for event in events])
    if len(whole) > MESSAGE_BYTES_MAX:
        whole = to_json([_item(event, whole=False) for event in events])
    return orjson.Fragment(whole)


def _item(event: StoredEvent, *, whole: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "channel": run_channel(event.run_id),
        "event_type": event.type,
        "pub_id": event.seq,
        "project_id": event.project_id,
    }
    if whole:
        item["data"] = {
            "payload": event.payload,
            "status": event.status,
            "created_at": instant(event.created_at),
            "from_worker": event.from_worker,
        }
    return item


def unpack(item: Mapping[str, Any]) -> StoredEvent | None:
    """Return the event of a message's item; None when it is only a hint."""
    data = item.get("data")
    if data is None:
        return None
    return StoredEvent(
        run_id=item["channel"].removeprefix(_RUN),
        project_id=item["project_id"],
        seq=item["pub_id"],
        type=item["event_type"],
        payload=data["payload"],
        status=data["status"],
        created_at=datetime.fromisoformat(data["created_at"]),
        from_worker=data["from_worker"],
    )
