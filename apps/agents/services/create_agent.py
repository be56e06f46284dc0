"""Create an agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.agents.models import Agent
from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.models import Principal, PrincipalKind, Purpose, Role
from apps.identity.services.create_principal import NewPrincipal, create_principal
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles
from apps.kernel.errors import Conflict

#: What every agent may do from the start.
AGENT_ROLE: Final = "Agent"


@dataclass(frozen=True, slots=True)
class NewAgent:
    """An agent as it was sent. With ``adopts`` one with the same ``external_ref`` is
    taken as it is."""

    name: str
    external_ref: str = ""
    description: str = ""
    model: str = ""
    system_prompt: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    adopts: bool = False


class Created(NamedTuple):
    """An agent, and whether it is new."""

    agent: Agent
    is_new: bool


def principal_name(agent_name: str) -> str:
    """Return what the principal of an agent is called."""
    return f"agent:{agent_name}"


@transaction.atomic
def create_agent(
    project_id: str, new: NewAgent, *, by: Actor, now: datetime
) -> Created:
    """Create an agent with a principal of its own, which holds the role Agent; or take
    the one that is adopted, in which nothing is changed.

    Raises:
        Conflict: the name or the ``external_ref`` is taken.
        PermissionDenied: the role allows more than the actor holds.
    """
    _ensure_role(now)
    take_turn(project_id)
    live = Agent.objects.filter(project_id=project_id, archived_at=None)
    if new.external_ref:
        known = live.filter(external_ref=new.external_ref).first()
        if known is not None and new.adopts:
            return Created(known, is_new=False)
        if known is not None:
            raise ref_taken(known)
    if live.filter(name=new.name).exists():
        raise name_taken(new.name)
    principal = _create_principal(project_id, new, by, now)
    agent = Agent.objects.create(
        project_id=project_id,
        principal=principal,
        name=new.name,
        external_ref=new.external_ref,
        description=new.description,
        model=new.model,
        system_prompt=new.system_prompt,
        tags=dict(new.tags),
        metadata=dict(new.metadata),
        created_by=by.principal_id,
        updated_by=by.principal_id,
        created_at=now,
        updated_at=now,
    )
    return Created(agent, is_new=True)


def name_taken(name: str) -> Conflict:
    """Return the refusal of a name."""
    return Conflict(
        f"an agent named {name} exists already in this project", path="name", name=name
    )


def ref_taken(known: Agent) -> Conflict:
    """Return the refusal of an ``external_ref``."""
    return Conflict(
        f"{known.external_ref} is agent {known.id} already; send if_exists: adopt to"
        " get it",
        code="external_identity_conflict",
        path="external_ref",
        agent_id=known.id,
    )


def _ensure_role(now: datetime) -> None:
    """Make the role in a database that is older than it, before anything is locked."""
    if not Role.objects.filter(project=None, name=AGENT_ROLE).exists():
        ensure_built_in_roles(now=now)


def _create_principal(
    project_id: str, new: NewAgent, by: Actor, now: datetime
) -> Principal:
    role = Role.objects.get(project=None, name=AGENT_ROLE)
    wanted = NewPrincipal(
        principal_name(new.name),
        PrincipalKind.AGENT,
        description=f"Acts as the agent {new.name}",
        purpose=Purpose.AGENT,
        role_ids=[role.id],
    )
    try:
        return create_principal(project_id, wanted, by=by, now=now)
    except Conflict as error:
        raise Conflict(f"{error.message}; choose another name", path="name") from None
