"""Say something in a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.agents.authorship import Author, check_author, check_open
from apps.agents.frames import show_message
from apps.agents.models import Session, SessionMessage, SessionStatus
from apps.agents.selectors import find_agent, find_session
from apps.agents.wire import tell_messages
from apps.kernel.errors import Conflict
from apps.source_events.catalog import Public
from apps.source_events.services.append import Fact, append_facts
from apps.source_events.services.append_public import public_fact

#: How much of a message's text its event has; the rest is in the message.
TEXT_CHARS_MAX: Final = 16_384


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it was sent; ``content`` is a list of objects with a ``type``."""

    role: str
    content: Sequence[Mapping[str, Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Said(NamedTuple):
    """A session as it is now, and the messages that are new in it."""

    session: Session
    messages: list[SessionMessage]


@transaction.atomic
def append_messages(
    project_id: str,
    session_id: str,
    new: Sequence[NewMessage],
    *,
    author: Author,
    run_id: str = "",
    depth: int = 0,
    now: datetime,
) -> Said:
    """Append messages, all or none, and a public fact of each. Locks the session, whose
    row hands out the numbers: whoever sees number n sees every one before it.

    ``depth`` says how many runs, each started by an event, led to this; ``run_id`` is
    the last of them. Open streams hear of the messages after the commit.

    Raises:
        NotFound: the project has no such session.
        PermissionDenied: the author may not write in that role.
        Conflict: the session is closed, ``session_closed``, or its agent inactive.
    """
    session = find_session(project_id, session_id, for_update=True)
    agent = find_agent(project_id, session.agent_id)
    check_author(agent, author, (message.role for message in new))
    check_active(session)
    check_open(agent)
    messages = [
        SessionMessage(
            project_id=project_id,
            session_id=session.id,
            sequence=session.last_sequence + place,
            role=message.role,
            content=list(message.content),
            metadata=dict(message.metadata),
            created_by=author.principal_id,
            created_at=now,
        )
        for place, message in enumerate(new, start=1)
    ]
    SessionMessage.objects.bulk_create(messages)
    session.last_sequence += len(messages)
    session.last_message_at = session.updated_at = now
    session.save(update_fields=["last_sequence", "last_message_at", "updated_at"])
    append_facts(
        [_fact(session, message, run_id, depth) for message in messages], now=now
    )
    shown = [show_message(message, session.agent_id) for message in messages]
    tell_messages(session.id, shown)
    return Said(session, messages)


def check_active(session: Session) -> None:
    """Let more be said in a session, or not.

    Raises:
        Conflict: it is closed.
    """
    if session.status != SessionStatus.ACTIVE:
        raise Conflict(
            f"session {session.id} is closed",
            code="session_closed",
            session_id=session.id,
        )


def text_of(content: Sequence[Mapping[str, Any]]) -> str:
    """Return what a message says in words: its parts of type ``text``, line by line."""
    texts = [part.get("text") for part in content if part.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str))


def _fact(session: Session, message: SessionMessage, run_id: str, depth: int) -> Fact:
    text = text_of(message.content)
    event = {
        "session_id": session.id,
        "agent_id": session.agent_id,
        "message_id": message.id,
        "sequence": message.sequence,
        "role": message.role,
        "text": text[:TEXT_CHARS_MAX],
    }
    if session.session_key:
        event["session_key"] = session.session_key
    if len(text) > TEXT_CHARS_MAX:
        event["text_truncated"] = True
    routing = ("session_id", "agent_id", "message_id", "role")
    return public_fact(
        session.project_id,
        Public.SESSION_MESSAGE_CREATED,
        source_id=session.id,
        event=event,
        meta={name: event[name] for name in routing},
        run_id=run_id,
        depth=depth,
    )
