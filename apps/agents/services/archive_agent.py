"""Archive an agent."""

from datetime import datetime

from django.db import transaction

from apps.agents.models import Session, SessionStatus
from apps.agents.selectors import find_agent
from apps.agents.wire import tell_changed
from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.services.delete_principal import delete_principal


@transaction.atomic
def archive_agent(project_id: str, agent_id: str, *, by: Actor, now: datetime) -> None:
    """Close an agent's sessions and take its access away, keys included, for good. Its
    name is free; its sessions can be read. One that is archived stays so.

    Locks the project, the agent, then its sessions in the order of their ids.

    Raises:
        NotFound: the project has no such agent.
        Conflict: nobody would be left who can manage access.
    """
    take_turn(project_id)
    agent = find_agent(project_id, agent_id, for_update=True)
    if agent.archived_at is not None:
        return
    agent.archived_at, agent.updated_at = now, now
    agent.updated_by = by.principal_id
    agent.save(update_fields=["archived_at", "updated_at", "updated_by"])
    active = Session.objects.filter(agent_id=agent.id, status=SessionStatus.ACTIVE)
    ids = [row.id for row in active.select_for_update().order_by("id").only("id")]
    Session.objects.filter(id__in=ids).update(
        status=SessionStatus.CLOSED, closed_at=now, updated_at=now
    )
    for session_id in ids:
        tell_changed(session_id)
    delete_principal(
        project_id, agent.principal_id, by=by, now=now, with_live_keys=True
    )
