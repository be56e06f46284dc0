"""What time brings to a question that nobody decides: reminders and escalation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    InteractionStatus,
    ParticipantRole,
    ParticipantState,
)
from apps.interactions.notifications import mail_about
from apps.interactions.people import everybody, look_up
from apps.interactions.question import Target
from apps.interactions.resolution import ALL_OF
from apps.interactions.store import add_people, people_of, set_state, turn_to
from apps.interactions.telling import note, tell_inboxes, tell_timeline


def act_on_time(event: Mapping[str, Any], now: datetime) -> None:
    """Carry out a reminder or an escalation that is due, in the dispatcher's
    transaction; nothing happens once the question is over, or in review."""
    row = (
        Interaction.objects.select_for_update()
        .filter(pk=event["interaction_id"])
        .first()
    )
    if row is None or row.status_at(now) is not InteractionStatus.PENDING:
        return
    _ACTS[event["what"]](row, int(event["number"]), now)


def _remind(interaction: Interaction, number: int, now: datetime) -> None:
    waiting = _waiting(people_of(interaction))
    note(interaction, "reminded", now=now)
    interaction.updated_at = now
    interaction.save(update_fields=["lifecycle", "updated_at"])
    people = [person.principal_id for person in waiting]
    if interaction.claimed_by:
        people = [interaction.claimed_by]
    mail_about(interaction, people, "reminder", number=number, now=now)
    tell_timeline(
        interaction, "interaction.reminded", now=now, number=number + 1, targets=people
    )
    tell_inboxes([(interaction.id, people)])


def _escalate(interaction: Interaction, number: int, now: datetime) -> None:
    """Ask others too. Where everybody has to answer, they take the place of those
    who did not; a claim that led nowhere is over."""
    plan = (interaction.escalation or [])[number]
    targets = [Target(each["type"], each["id"]) for each in plan["targets"]]
    known = look_up(interaction.project_id, targets)
    asked = people_of(interaction)
    new = [
        person
        for person in everybody(
            known, targets, interaction.barred or (), f"escalation:{number + 1}"
        )
        if all(
            person.principal_id != p.principal_id
            or p.state in (ParticipantState.DELEGATED, ParticipantState.RELIEVED)
            for p in asked
        )
    ]
    relieved: list[InteractionParticipant] = []
    if new and interaction.policy == ALL_OF:
        relieved = _waiting(asked)
        set_state(relieved, ParticipantState.RELIEVED)
    add_people(interaction, new, now=now)
    if new and interaction.claimed_by:
        interaction.claimed_by = ""
        interaction.claimed_at = None
    if new:
        turn_to(interaction, ParticipantRole.RESPONDER)
    note(interaction, "escalated", now=now)
    interaction.updated_at = now
    interaction.save()
    people = [person.principal_id for person in new]
    mail_about(interaction, people, "escalation", number=number, now=now)
    tell_timeline(
        interaction,
        "interaction.escalated",
        now=now,
        number=number + 1,
        targets=people,
        relieved=[person.principal_id for person in relieved],
        problem="" if new else "nobody else can be asked",
    )
    tell_inboxes([(interaction.id, [*people, *(p.principal_id for p in asked)])])


def _waiting(people: list[InteractionParticipant]) -> list[InteractionParticipant]:
    return [person for person in people if person.state == ParticipantState.ASKED]


_ACTS: Final[Mapping[str, Callable[[Interaction, int, datetime], None]]] = {
    "remind": _remind,
    "escalate": _escalate,
}
