"""Take a question of a group for oneself, and give it back."""

from datetime import datetime

from django.db import transaction

from apps.identity.permissions import Permission
from apps.interactions.actors import Actor, answers_as, require_may_answer
from apps.interactions.models import (
    Interaction,
    InteractionStatus,
    ParticipantRole,
)
from apps.interactions.selectors import find_interaction
from apps.interactions.store import people_of, turn_to
from apps.interactions.telling import tell_inboxes, tell_timeline
from apps.kernel.errors import Conflict, Invalid, PermissionDenied


@transaction.atomic
def claim_interaction(
    project_id: str,
    interaction_id: str,
    *,
    actor: Actor,
    on_behalf_of: str = "",
    now: datetime,
) -> Interaction:
    """Let one member of a group answer, and nobody else until it is released.

    Claiming what one has claimed already changes nothing.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: somebody else is asked.
        Invalid: it does not ask a group whose first answer counts, or is over.
        Conflict: another member has claimed it.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    people = people_of(interaction)
    require_may_answer(actor, interaction, people, on_behalf_of)
    _require_claimable(interaction, now)
    as_whom = answers_as(actor, interaction, people, on_behalf_of)
    if interaction.claimed_by == as_whom:
        return interaction
    if interaction.claimed_by:
        raise Conflict(
            f"interaction {interaction.id} is claimed by {interaction.claimed_by}",
            code="claimed",
            status=interaction.status,
            claimed_by=interaction.claimed_by,
        )
    interaction.claimed_by = as_whom
    interaction.claimed_at = interaction.updated_at = now
    interaction.save(update_fields=["claimed_by", "claimed_at", "updated_at"])
    turn_to(interaction, ParticipantRole.RESPONDER, only=as_whom)
    tell_timeline(interaction, "interaction.claimed", now=now, principal_id=as_whom)
    tell_inboxes([(interaction.id, [person.principal_id for person in people])])
    return interaction


@transaction.atomic
def release_interaction(
    project_id: str, interaction_id: str, *, actor: Actor, now: datetime
) -> Interaction:
    """Give a claimed question back to the group; what nobody claimed stays so.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: somebody else has claimed it.
        Invalid: it does not ask a group whose first answer counts, or is over.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    mine = interaction.claimed_by in ("", actor.principal_id)
    if not mine and not actor.may(Permission.INTERACTION_MANAGE):
        raise PermissionDenied(
            f"interaction {interaction.id} is claimed by {interaction.claimed_by}"
        )
    people = people_of(interaction)
    holds = interaction.claimed_by == actor.principal_id  # a service, perhaps
    asked = any(person.principal_id == actor.principal_id for person in people)
    if not (asked or holds) and not actor.may(Permission.INTERACTION_MANAGE):
        raise PermissionDenied(f"interaction {interaction.id} asks somebody else")
    _require_claimable(interaction, now)
    if not interaction.claimed_by:
        return interaction
    released = interaction.claimed_by
    interaction.claimed_by = ""
    interaction.claimed_at = None
    interaction.updated_at = now
    interaction.save(update_fields=["claimed_by", "claimed_at", "updated_at"])
    turn_to(interaction, ParticipantRole.RESPONDER)
    tell_timeline(interaction, "interaction.released", now=now, principal_id=released)
    tell_inboxes([(interaction.id, [person.principal_id for person in people])])
    return interaction


def _require_claimable(interaction: Interaction, now: datetime) -> None:
    """Contract: 400, not 409, for what cannot be claimed."""
    if not interaction.asks_group:
        raise Invalid(
            f"interaction {interaction.id} cannot be claimed: it does not ask a group"
            " whose first answer counts"
        )
    status = interaction.status_at(now)
    if status is not InteractionStatus.PENDING:
        raise Invalid(
            f"interaction {interaction.id} is {status.value}, not pending",
            status=status.value,
        )
