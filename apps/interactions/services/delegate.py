"""Pass a question on to another member."""

from datetime import datetime

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity.models import Principal, PrincipalKind
from apps.interactions.actors import Actor, answers_as, require_may_answer
from apps.interactions.models import (
    Interaction,
    ParticipantState,
)
from apps.interactions.notifications import mail_about
from apps.interactions.people import Person
from apps.interactions.selectors import find_interaction
from apps.interactions.services.respond import require_pending
from apps.interactions.store import add_people, people_of, set_state
from apps.interactions.telling import note, tell_inboxes, tell_timeline
from apps.kernel.errors import Conflict, Invalid

_STILL_IN = (ParticipantState.ASKED, ParticipantState.ANSWERED)


@transaction.atomic
def delegate_interaction(
    project_id: str,
    interaction_id: str,
    *,
    actor: Actor,
    to: str,
    comment: str = "",
    on_behalf_of: str = "",
    now: datetime,
) -> Interaction:
    """Have ``to`` asked in one's own place; the rule counts them instead.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: somebody else is asked.
        Conflict: it is over, claimed by another, or this person has answered.
        Invalid: it may not be delegated, or ``to`` is no member who can take it.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    people = people_of(interaction)
    require_may_answer(actor, interaction, people, on_behalf_of)
    if not interaction.allow_delegation:
        raise Invalid(
            f"interaction {interaction.id} was asked without allow_delegation",
            code="delegation_not_allowed",
        )
    require_pending(interaction, now)
    from_whom = answers_as(actor, interaction, people, on_behalf_of)
    if all(person.principal_id != from_whom for person in people):
        raise invalid_field("on_behalf_of", "expected one who is asked")
    if interaction.claimed_by not in ("", from_whom):
        raise Conflict(
            f"interaction {interaction.id} is claimed by {interaction.claimed_by}",
            code="claimed",
            status=interaction.status,
        )
    _check_taker(interaction, to)
    if any(p.principal_id == to and p.state in _STILL_IN for p in people):
        raise invalid_field("to", f"{to} is asked already")
    leaving = [person for person in people if person.principal_id == from_whom]
    set_state(leaving, ParticipantState.DELEGATED)
    add_people(interaction, [Person(to, f"delegation:{from_whom}")], now=now)
    if interaction.claimed_by:
        interaction.claimed_by = to
        interaction.claimed_at = now
    interaction.updated_at = now
    note(interaction, "delegated", actor_id=from_whom, comment=comment, now=now)
    interaction.save()
    mail_about(interaction, [to], "delegated", now=now)
    tell_timeline(
        interaction,
        "interaction.delegated",
        now=now,
        **{"from": from_whom, "to": to, "comment": comment},
    )
    tell_inboxes([(interaction.id, [from_whom, to])])
    return interaction


def _check_taker(interaction: Interaction, to: str) -> None:
    if to in (interaction.barred or ()):
        raise invalid_field("to", "expected somebody else than who started the run")
    member = Principal.objects.filter(
        project_id=interaction.project_id, pk=to, disabled=False
    ).first()
    if member is None or member.kind != PrincipalKind.HUMAN:
        raise invalid_field("to", "expected a member of this project")
