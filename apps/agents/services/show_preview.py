"""Show what an agent is about to say."""

from collections.abc import Mapping
from typing import Any

from apps.agents.authorship import Author, check_author, check_open
from apps.agents.models import MessageRole
from apps.agents.selectors import find_agent, find_session
from apps.agents.services.append_messages import check_active
from apps.agents.wire import tell_preview


def show_preview(
    project_id: str,
    session_id: str,
    *,
    author: Author,
    event: str,
    data: Mapping[str, Any],
) -> None:
    """Pass a live event on to the readers of a session. It is stored nowhere: who does
    not read now never sees it, and without Redis nobody does.

    Raises:
        NotFound: the project has no such session.
        PermissionDenied: the author may not write as the agent.
        Conflict: the session is closed or its agent inactive.
    """
    session = find_session(project_id, session_id)
    agent = find_agent(project_id, session.agent_id)
    check_author(agent, author, [MessageRole.AGENT])
    check_active(session)
    check_open(agent)
    tell_preview(session.id, event, data)
