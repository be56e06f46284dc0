"""What processes tell each other about sessions. Without ``messages`` and ``preview`` a
word is only a hint: look at the table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from apps.api.rendering import to_json
from apps.realtime.outbound import say

#: The kind of these messages on the live channel.
KIND: Final = "session"
#: Longer messages go out as a hint, so that Redis never carries big contents.
MESSAGE_BYTES_MAX: Final = 64 * 1024


def session_channel(session_id: str) -> str:
    """Return the channel of one session."""
    return f"session.{session_id}"


def tell_messages(session_id: str, shown: Sequence[Mapping[str, Any]]) -> None:
    """Tell of new messages, after commit."""
    whole = to_json(shown)
    if len(whole) > MESSAGE_BYTES_MAX:
        tell_changed(session_id)
    else:
        say(KIND, session_id=session_id, messages=orjson.Fragment(whole))


def tell_preview(session_id: str, event: str, data: Mapping[str, Any]) -> None:
    """Tell of something that is nowhere else: who misses it has missed it."""
    say(KIND, session_id=session_id, preview={"event": event, "data": data})


def tell_changed(session_id: str) -> None:
    """Tell that the session is not what it was, after commit."""
    say(KIND, session_id=session_id)
