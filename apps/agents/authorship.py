"""Who may write in whose name."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.agents.models import Agent, MessageRole
from apps.identity.authentication import Caller
from apps.identity.permissions import Permission
from apps.kernel.errors import Conflict, PermissionDenied


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes; ``manages`` agents, and so may speak for each of them."""

    principal_id: str
    manages: bool = False

    @classmethod
    def of_caller(cls, caller: Caller) -> "Author":
        """Return the author behind an API key."""
        return cls(caller.principal_id, caller.may(Permission.AGENT_MANAGE))


def check_author(agent: Agent, author: Author, roles: Iterable[str]) -> None:
    """Let ``author`` write messages of these roles, or not. Everybody may speak as the
    user; as the agent, its tools or the system only the agent and who manages agents.

    Raises:
        PermissionDenied: it is neither; details name the role.
    """
    if author.manages or author.principal_id == agent.principal_id:
        return
    for role in roles:
        if role != MessageRole.USER:
            raise PermissionDenied(
                f"only the agent itself, or who manages agents, writes as {role}",
                permission=Permission.AGENT_MANAGE.value,
                role=role,
            )


def check_open(agent: Agent) -> None:
    """Let an agent be talked to, or not.

    Raises:
        Conflict: it is archived, ``agent_archived``, or inactive, ``agent_inactive``.
    """
    if agent.archived_at is not None:
        raise Conflict(
            f"agent {agent.name} is archived", code="agent_archived", agent_id=agent.id
        )
    if agent.status != "active":
        raise Conflict(
            f"agent {agent.name} is inactive", code="agent_inactive", agent_id=agent.id
        )
