"""Change an agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.agents.models import Agent
from apps.agents.selectors import find_agent
from apps.agents.services.create_agent import name_taken, principal_name, ref_taken
from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.services.update_principal import PrincipalChanges, update_principal
from apps.kernel.errors import Conflict

_PLAIN: Final = ("name", "external_ref", "description", "model", "system_prompt")


@dataclass(frozen=True, slots=True)
class AgentChanges:
    """What to change; None leaves a field alone."""

    name: str | None = None
    external_ref: str | None = None
    description: str | None = None
    model: str | None = None
    system_prompt: str | None = None
    status: str | None = None
    tags: Mapping[str, str] | None = None
    metadata: Mapping[str, Any] | None = None


@transaction.atomic
def update_agent(
    project_id: str, agent_id: str, changes: AgentChanges, *, by: Actor, now: datetime
) -> Agent:
    """Change an agent; its principal is renamed with it. An inactive one begins no
    session and takes no message.

    Raises:
        NotFound: the project has no such agent.
        Conflict: it is archived; the name or the ``external_ref`` is taken; or it has
            another ``external_ref``, which stays.
    """
    take_turn(project_id)
    agent = find_agent(project_id, agent_id, for_update=True)
    if agent.archived_at is not None:
        raise Conflict(
            f"agent {agent.name} is archived", code="agent_archived", agent_id=agent.id
        )
    _check_names(agent, changes)
    if changes.name is not None and changes.name != agent.name:
        renamed = PrincipalChanges(name=principal_name(changes.name))
        update_principal(project_id, agent.principal_id, renamed, by=by, now=now)
    for field in (*_PLAIN, "status"):
        value = getattr(changes, field)
        if value is not None:
            setattr(agent, field, value)
    for field in ("tags", "metadata"):
        value = getattr(changes, field)
        if value is not None:
            setattr(agent, field, dict(value))
    agent.updated_by, agent.updated_at = by.principal_id, now
    agent.save()
    return agent


def _check_names(agent: Agent, changes: AgentChanges) -> None:
    """Whoever names agents has its turn, so what is free now stays free."""
    others = Agent.objects.filter(project_id=agent.project_id, archived_at=None)
    others = others.exclude(id=agent.id)
    if changes.name is not None and others.filter(name=changes.name).exists():
        raise name_taken(changes.name)
    wanted = changes.external_ref
    if wanted is None or wanted == agent.external_ref:
        return
    if agent.external_ref:
        raise Conflict(
            f"agent {agent.name} is {agent.external_ref} for good",
            code="external_identity_conflict",
            path="external_ref",
        )
    known = others.filter(external_ref=wanted).first()
    if known is not None:
        raise ref_taken(known)
