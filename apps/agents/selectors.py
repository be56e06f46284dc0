"""Reading agents and sessions. Every query of a request starts from the project."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from apps.agents.models import Agent, Session, SessionMessage
from apps.api.tags import filter_by_tags
from apps.kernel.errors import NotFound

ARCHIVED: Final = "archived"
#: A page ends early when its messages reach this size; one is always returned.
PAGE_BYTES: Final = 1024 * 1024

_SHARED: Final = """
SELECT * FROM agents_agent WHERE project_id = %s AND id = %s FOR SHARE
"""

#: Promises: at most limit + 1 messages between two numbers, and no more content than a
#: page may hold; ``found`` tells how many there were.
_PAGE: Final = """
SELECT * FROM (
    SELECT *, count(*) OVER () AS found,
           sum(octet_length(content::text)) OVER (ORDER BY sequence {order})
               - octet_length(content::text) AS before
    FROM (
        SELECT * FROM agents_sessionmessage
        WHERE session_id = %s AND sequence > %s AND sequence < %s
        ORDER BY sequence {order} LIMIT %s
    ) AS line
) AS measured
WHERE before < %s ORDER BY sequence {order}
"""


@dataclass(frozen=True, slots=True)
class AgentFilters:
    """Which agents a list shows; ``status`` may be ``archived``."""

    name: str = ""
    external_ref: str = ""
    principal_id: str = ""
    status: str = ""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SessionFilters:
    """Which sessions a list shows; ``since`` is when something last happened there."""

    agent_id: str = ""
    agent_name: str = ""
    session_key: str = ""
    status: str = ""
    since: datetime | None = None


class MessagePage(NamedTuple):
    """Messages of one session in the order that was asked for."""

    messages: list[SessionMessage]
    has_more: bool


def list_agents(project_id: str, filters: AgentFilters) -> QuerySet[Agent]:
    """Return the agents of a project; archived ones only if they are asked for.

    Raises:
        Invalid: a tag to filter by has no key.
    """
    is_archived = filters.status == ARCHIVED
    rows = Agent.objects.filter(
        project_id=project_id, archived_at__isnull=not is_archived
    )
    if filters.status and not is_archived:
        rows = rows.filter(status=filters.status)
    for field in ("name", "external_ref", "principal_id"):
        if value := getattr(filters, field):
            rows = rows.filter(**{field: value})
    return filter_by_tags(rows, filters.tags)


def find_agent(project_id: str, agent_id: str, *, for_update: bool = False) -> Agent:
    """Return one agent, archived ones too, locked if asked.

    Raises:
        NotFound: the project has no such agent.
    """
    rows = Agent.objects.filter(project_id=project_id, id=agent_id)
    agent = (rows.select_for_update() if for_update else rows).first()
    if agent is None:
        raise NotFound(f"agent {agent_id} not found")
    return agent


def hold_agent(project_id: str, agent_id: str) -> Agent:
    """Return one agent that stays as it is until the transaction ends; others may hold
    it at the same time.

    Raises:
        NotFound: the project has no such agent.
    """
    for agent in Agent.objects.raw(_SHARED, [project_id, agent_id]):
        return agent
    raise NotFound(f"agent {agent_id} not found")


def list_sessions(project_id: str, filters: SessionFilters) -> QuerySet[Session]:
    """Return the sessions of a project that match."""
    rows = Session.objects.filter(project_id=project_id)
    for field in ("agent_id", "session_key", "status"):
        if value := getattr(filters, field):
            rows = rows.filter(**{field: value})
    if filters.agent_name:
        named = Agent.objects.filter(project_id=project_id, name=filters.agent_name)
        rows = rows.filter(agent_id__in=named.values("id"))
    if filters.since is not None:
        rows = rows.filter(updated_at__gte=filters.since)
    return rows


def find_session(
    project_id: str, session_id: str, *, agent_id: str = "", for_update: bool = False
) -> Session:
    """Return one session, of this agent if one is named, locked if asked.

    Raises:
        NotFound: the project, or the agent, has no such session.
    """
    rows = Session.objects.filter(project_id=project_id, id=session_id)
    if agent_id:
        rows = rows.filter(agent_id=agent_id)
    session = (rows.select_for_update() if for_update else rows).first()
    if session is None:
        raise NotFound(f"session {session_id} not found")
    return session


def page_of_messages(
    session_id: str, *, after: int, before: int, limit: int, newest_first: bool = False
) -> MessagePage:
    """Return messages numbered above ``after`` and below ``before``, at most a page."""
    statement = _PAGE.format(order="DESC" if newest_first else "ASC")
    values: list[Any] = [session_id, after, before, limit + 1, PAGE_BYTES]
    rows = list(SessionMessage.objects.raw(statement, values))
    found = int(getattr(rows[0], "found")) if rows else 0  # noqa: B009
    messages = rows[:limit]
    return MessagePage(messages, has_more=found > len(messages))
