"""Rows of one question under its lock: who is asked, what they said."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from apps.interactions.answers import mode_of
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    InteractionResponse,
    ParticipantRole,
    ParticipantState,
)
from apps.interactions.people import Person
from apps.interactions.resolution import Rule

_RESPONDER = ParticipantRole.RESPONDER

_CLOSE = """
UPDATE interactions_interactionparticipant SET is_open = false
WHERE interaction_id = ANY(%s) AND is_open
RETURNING interaction_id, principal_id
"""


def rule_of(interaction: Interaction) -> Rule:
    """Return the rule by which answers make an outcome."""
    mode = mode_of(interaction.spec, interaction.type)
    return Rule(interaction.policy, interaction.threshold, mode)


def people_of(interaction: Interaction) -> list[InteractionParticipant]:
    """Return all who were asked to answer, in the order of asking.

    A question that an older version put has no rows of people: it asks its target.
    """
    rows = list(
        InteractionParticipant.objects.filter(
            interaction_id=interaction.id, role=_RESPONDER
        ).order_by("id")
    )
    if rows or interaction.target_type == "group" or interaction.origin:
        return rows
    target = Person(interaction.target_id, "target")
    add_people(interaction, [target], now=interaction.created_at)
    return people_of(interaction)


def reviewers_of(interaction: Interaction) -> list[InteractionParticipant]:
    """Return who looks at the answers."""
    return list(
        InteractionParticipant.objects.filter(
            interaction_id=interaction.id, role=ParticipantRole.REVIEWER
        ).order_by("id")
    )


def answers_of(interaction: Interaction) -> list[InteractionResponse]:
    """Return the answers of the current round, in the order in which they came."""
    return list(
        InteractionResponse.objects.filter(
            interaction_id=interaction.id, round=interaction.review_round
        ).order_by("responded_at", "id")
    )


def add_people(
    interaction: Interaction,
    people: Iterable[Person],
    *,
    role: ParticipantRole = _RESPONDER,
    is_open: bool = True,
    now: datetime,
) -> None:
    """Ask people; who was asked before in this role, and is not any more, is again."""
    insert_people(
        participants(interaction, people, role=role, is_open=is_open, now=now)
    )


def participants(
    interaction: Interaction,
    people: Iterable[Person],
    *,
    role: ParticipantRole = _RESPONDER,
    is_open: bool = True,
    now: datetime,
) -> list[InteractionParticipant]:
    """Return the rows of people who are asked."""
    return [
        InteractionParticipant(
            interaction_id=interaction.id,
            project_id=interaction.project_id,
            principal_id=person.principal_id,
            role=role,
            via=person.via,
            is_open=is_open,
            asked_at=now,
        )
        for person in people
    ]


def insert_people(rows: Sequence[InteractionParticipant]) -> None:
    """Insert people of any number of questions in one statement."""
    InteractionParticipant.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["interaction_id", "principal_id", "role"],
        update_fields=["via", "state", "is_open", "asked_at"],
    )


def set_state(
    people: Sequence[InteractionParticipant],
    state: ParticipantState,
    *,
    is_open: bool = False,
) -> None:
    """Move people to another state."""
    InteractionParticipant.objects.filter(pk__in=[p.pk for p in people]).update(
        state=state, is_open=is_open
    )


def turn_to(
    interaction: Interaction, role: ParticipantRole, *, only: str = ""
) -> list[str]:
    """Make it the turn of those in ``role`` who are asked, or of one; return them."""
    rows = InteractionParticipant.objects.filter(interaction_id=interaction.id)
    rows.update(is_open=False)
    turn = rows.filter(role=role, state=ParticipantState.ASKED)
    if only:
        turn = turn.filter(principal_id=only)
    turn.update(is_open=True)
    return list(turn.values_list("principal_id", flat=True))


def close_people(interaction_ids: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Make it nobody's turn any more; return whose it was, question by question."""
    if not interaction_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [list(interaction_ids)])
        found: dict[str, list[str]] = {id_: [] for id_ in interaction_ids}
        for interaction_id, principal_id in cursor.fetchall():
            found[interaction_id].append(principal_id)
    return list(found.items())
