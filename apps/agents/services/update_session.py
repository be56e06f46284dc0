"""Change a session: how it is called, and whether more can be said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.agents.authorship import check_open
from apps.agents.models import Session, SessionStatus
from apps.agents.selectors import find_session, hold_agent
from apps.agents.wire import tell_changed
from apps.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What to change; None leaves a field alone."""

    title: str | None = None
    status: str | None = None
    metadata: Mapping[str, Any] | None = None


@transaction.atomic
def update_session(
    project_id: str, session_id: str, changes: SessionChanges, *, now: datetime
) -> Session:
    """Change a session. A closed one takes no message, its streams end and its key is
    free; it can be opened again.

    Locks the agent for share, then the session.

    Raises:
        NotFound: the project has no such session.
        Conflict: it cannot be opened again: the agent is archived or inactive, or its
            key is another's by now, ``session_key_taken``.
    """
    found = find_session(project_id, session_id)
    agent = hold_agent(project_id, found.agent_id)
    session = find_session(project_id, session_id, for_update=True)
    if changes.title is not None:
        session.title = changes.title
    if changes.metadata is not None:
        session.metadata = dict(changes.metadata)
    is_other = changes.status is not None and changes.status != session.status
    if is_other and changes.status == SessionStatus.CLOSED:
        session.status, session.closed_at = SessionStatus.CLOSED, now
        tell_changed(session.id)
    elif is_other:
        check_open(agent)
        session.status, session.closed_at = SessionStatus.ACTIVE, None
    session.updated_at = now
    try:
        with transaction.atomic():
            session.save()
    except IntegrityError:
        raise Conflict(
            f"another session has the key {session.session_key} by now",
            code="session_key_taken",
            session_key=session.session_key,
        ) from None
    return session
