"""Open a session, or find the one that goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.agents.authorship import check_open
from apps.agents.models import Session, SessionStatus
from apps.agents.selectors import hold_agent
from apps.kernel.errors import Conflict, NotFound

#: How often the session with a key may be closed between being there and being read.
_TRIES: Final = 5


class Mode(StrEnum):
    """Whether a session begins or goes on."""

    NEW = "new"
    CONTINUE = "continue"
    CONTINUE_OR_CREATE = "continue_or_create"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session as it was asked for; one that goes on stays as it is."""

    agent_id: str
    mode: Mode = Mode.NEW
    session_key: str = ""
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class OpenedSession(NamedTuple):
    """A session, and whether it is new."""

    session: Session
    is_new: bool


@transaction.atomic
def open_session(
    project_id: str, new: NewSession, *, created_by: str, now: datetime
) -> OpenedSession:
    """Open a session with an agent, or return the active one with the same key. Of any
    number of callers who do so at once with one key all get the same session.

    Holds the agent as it is, so that none is archived meanwhile.

    Raises:
        NotFound: there is no such agent, or no session to continue.
        Conflict: the key is taken, ``session_key_taken``; the agent is archived or
            inactive.
    """
    agent = hold_agent(project_id, new.agent_id)
    for _ in range(_TRIES):
        known = _active(new) if new.session_key else None
        if new.mode == Mode.CONTINUE and known is None:
            raise NotFound(f"no active session with the key {new.session_key}")
        if known is not None and new.mode != Mode.NEW:
            return OpenedSession(known, is_new=False)
        if known is None:
            check_open(agent)
            session = _inserted(project_id, new, created_by, now)
            if session is not None:
                return OpenedSession(session, is_new=True)
        else:
            raise Conflict(
                f"session {known.id} has the key {new.session_key} and is active",
                code="session_key_taken",
                path="session_key",
                session_id=known.id,
            )
    raise Conflict(
        f"the session with the key {new.session_key} is being opened and closed;"
        " try again",
        code="session_key_taken",
    )


def _active(new: NewSession) -> Session | None:
    return Session.objects.filter(
        agent_id=new.agent_id,
        session_key=new.session_key,
        status=SessionStatus.ACTIVE,
    ).first()


def _inserted(
    project_id: str, new: NewSession, created_by: str, now: datetime
) -> Session | None:
    """Return the new session; None if somebody else's with the key came first, which
    is committed by then and can be seen."""
    session = Session(
        project_id=project_id,
        agent_id=new.agent_id,
        session_key=new.session_key,
        title=new.title,
        metadata=dict(new.metadata),
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    Session.objects.bulk_create([session], ignore_conflicts=True)
    is_there = Session.objects.filter(id=session.id).exists()
    return session if is_there else None
