"""What a person sees: what waits for them, what they said, who else is asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.identity.models import Principal
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    InteractionResponse,
    ParticipantRole,
    ParticipantState,
)
from apps.interactions.models.interaction import OPEN
from apps.interactions.resolution import in_words
from apps.interactions.store import people_of as rows_of
from apps.interactions.store import reviewers_of, rule_of

_COUNTS = (ParticipantState.ASKED, ParticipantState.ANSWERED)


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """Somebody with a part in a question, as others see them."""

    principal_id: str
    name: str
    role: str
    state: str
    via: str
    is_open: bool
    answer: InteractionResponse | None = None


def open_for(
    principal_ids: Collection[str],
    *,
    now: datetime,
    before: str = "",
    limit: int = 50,
) -> list[Interaction]:
    """Return what waits for any of these principals, newest first, below the id
    ``before``: an index hands them out in this order, however many there are."""
    turns = InteractionParticipant.objects.filter(
        principal_id__in=list(principal_ids), is_open=True
    )
    if before:
        turns = turns.filter(interaction_id__lt=before)
    ids: list[str] = []
    for principal_id in principal_ids:
        mine = turns.filter(principal_id=principal_id).order_by("-interaction_id")
        ids += mine.values_list("interaction_id", flat=True)[: limit * 2]
    rows = Interaction.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        pk__in=set(ids),
        status__in=OPEN,
        deleted_at=None,
    )
    return list(rows.order_by("-id")[:limit])


def count_open(principal_ids: Collection[str], *, at_most: int = 100) -> int:
    """Return how many questions wait for these principals, counting to ``at_most``."""
    turns = InteractionParticipant.objects.filter(
        principal_id__in=list(principal_ids), is_open=True
    )
    return len(set(turns.values_list("interaction_id", flat=True)[:at_most]))


def answered_by(principal_ids: Collection[str]) -> QuerySet[InteractionResponse]:
    """Return the answers of any of these principals, newest first."""
    return InteractionResponse.objects.filter(
        principal_id__in=list(principal_ids)
    ).order_by("-responded_at", "-id")


def part_of(interaction: Interaction, principal_ids: Collection[str]) -> list[str]:
    """Return which of these principals have, or had, a part in a question."""
    everybody = [*rows_of(interaction), *reviewers_of(interaction)]
    return [
        person.principal_id
        for person in everybody
        if person.principal_id in principal_ids
    ]


def people_of(interaction: Interaction) -> list[PersonSeen]:
    """Return everybody with a part in a question, with names and answers."""
    rows = [*rows_of(interaction), *reviewers_of(interaction)]
    names = dict(
        Principal.objects.filter(pk__in=[row.principal_id for row in rows]).values_list(
            "id", "name"
        )
    )
    answers = {
        response.principal_id: response
        for response in InteractionResponse.objects.filter(
            interaction_id=interaction.id, round=interaction.review_round
        )
    }
    return [
        PersonSeen(
            principal_id=row.principal_id,
            name=names.get(row.principal_id, row.principal_id),
            role=row.role,
            state=row.state,
            via=row.via,
            is_open=row.is_open,
            answer=(
                answers.get(row.principal_id)
                if row.role == ParticipantRole.RESPONDER
                else None
            ),
        )
        for row in rows
    ]


def rule_in_words(interaction: Interaction, people: Sequence[PersonSeen]) -> str:
    """Return the rule of a question as people read it."""
    asked = sum(
        person.role == ParticipantRole.RESPONDER and person.state in _COUNTS
        for person in people
    )
    return in_words(rule_of(interaction), asked)
