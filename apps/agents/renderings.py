"""Agents and sessions as the API shows them; messages are in ``frames``."""

from typing import Any

from apps.agents.models import Agent, Session, SessionMessage
from apps.api.rendering import instant, present


def render_agent(agent: Agent) -> dict[str, Any]:
    """Return an agent."""
    return present(
        id=agent.id,
        principal_id=agent.principal_id,
        name=agent.name,
        external_ref=agent.external_ref or None,
        description=agent.description,
        model=agent.model,
        system_prompt=agent.system_prompt,
        status=agent.status,
        tags=agent.tags,
        metadata=agent.metadata,
        created_by=agent.created_by or None,
        updated_by=agent.updated_by or None,
        created_at=instant(agent.created_at),
        updated_at=instant(agent.updated_at),
        archived_at=instant(agent.archived_at),
    )


def render_session(session: Session) -> dict[str, Any]:
    """Return a session without its messages."""
    return present(
        id=session.id,
        agent_id=session.agent_id,
        session_key=session.session_key,
        title=session.title,
        status=session.status,
        metadata=session.metadata,
        message_count=session.last_sequence,
        last_sequence=session.last_sequence,
        last_message_at=instant(session.last_message_at),
        closed_at=instant(session.closed_at),
        created_by=session.created_by or None,
        created_at=instant(session.created_at),
        updated_at=instant(session.updated_at),
    )


def render_written(message: SessionMessage) -> dict[str, Any]:
    """Return what a message has got that its writer does not know."""
    return {
        "id": message.id,
        "sequence": message.sequence,
        "role": message.role,
        "created_at": instant(message.created_at),
    }
