"""From messages to what a reader of a stream gets.

A message is one event, ``user.message`` or whatever its role is, whose id is its
number. What has no id is live only: it is in no table and moves no place.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from apps.agents.models import SessionMessage
from apps.api.rendering import instant, present, to_json

#: What an agent may show before it has said it.
PREVIEWS: Final = ("generation.delta", "session.message.preview")
#: Live frames were lost: what was shown of unfinished messages is to be forgotten.
RESYNC: Final = "session.resync"


class Frame(NamedTuple):
    """An event ready to be written; ``sequence`` is None for a live one."""

    sequence: int | None
    body: bytes


def show_message(message: SessionMessage, agent_id: str) -> dict[str, Any]:
    """Return a message of a session with this agent, as the API shows it."""
    return present(
        id=message.id,
        session_id=message.session_id,
        agent_id=agent_id,
        sequence=message.sequence,
        role=message.role,
        content=message.content,
        metadata=message.metadata,
        created_by=message.created_by or None,
        created_at=instant(message.created_at),
    )


def message_frame(shown: Mapping[str, Any]) -> Frame:
    """Return the event of a message, given as it is shown."""
    event = f"{shown['role']}.message"
    data = {
        "type": event,
        "message_id": shown["id"],
        **{name: value for name, value in shown.items() if name != "id"},
    }
    sequence = shown["sequence"]
    body = b"id: %d\nevent: %b\ndata: %b\n\n" % (
        sequence,
        event.encode(),
        to_json(data),
    )
    return Frame(sequence, body)


def live_frame(event: str, session_id: str, data: Mapping[str, Any]) -> Frame:
    """Return an event without an id."""
    line = to_json({**data, "type": event, "session_id": session_id})
    return Frame(None, b"event: %b\ndata: %b\n\n" % (event.encode(), line))
