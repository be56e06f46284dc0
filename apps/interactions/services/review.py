"""Look at the answers of a question before they count."""

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.api.body import invalid_field
from apps.interactions.actors import Actor, require_not_barred
from apps.interactions.models import (
    Interaction,
    InteractionStatus,
    ParticipantRole,
    ParticipantState,
)
from apps.interactions.notifications import mail_about
from apps.interactions.selectors import find_interaction
from apps.interactions.services.finish import complete
from apps.interactions.services.respond import outcome_now
from apps.interactions.store import (
    answers_of,
    people_of,
    reviewers_of,
    set_state,
    turn_to,
)
from apps.interactions.telling import note, tell_inboxes, tell_timeline
from apps.kernel.errors import Conflict, PermissionDenied

ACCEPT: Final = "accept"
REQUEST_CHANGES: Final = "request_changes"
ACTIONS: Final = (ACCEPT, REQUEST_CHANGES)


@transaction.atomic
def review_interaction(
    project_id: str,
    interaction_id: str,
    *,
    actor: Actor,
    action: str,
    comment: str = "",
    now: datetime,
) -> Interaction:
    """Accept the answers, or ask for others in a new round.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: the actor is no reviewer of it, or answered it.
        Conflict: it is not in review.
        Invalid: changes are requested without a comment.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    people = people_of(interaction)
    responses = answers_of(interaction)
    reviewers = {person.principal_id for person in reviewers_of(interaction)}
    if actor.principal_id not in reviewers:
        raise PermissionDenied(f"interaction {interaction.id} has other reviewers")
    if interaction.barred:
        require_not_barred(actor, interaction)
    mine = {who for r in responses for who in (r.principal_id, r.given_by)}
    if actor.principal_id in mine:
        raise PermissionDenied(
            f"interaction {interaction.id}: nobody reviews their own answer",
            code="own_answer",
        )
    status = interaction.status_at(now)
    if status is not InteractionStatus.IN_REVIEW:
        raise Conflict(
            f"interaction {interaction.id} is {status.value}, not in_review",
            status=status.value,
        )
    if action == REQUEST_CHANGES and not comment.strip():
        raise invalid_field("comment", "is required to request changes")
    interaction.reviewer_id = actor.principal_id
    interaction.review_feedback = comment
    if action == ACCEPT:
        outcome = outcome_now(interaction, people, responses)
        assert outcome is not None, "what is in review has its answers"
        complete(
            interaction,
            outcome,
            responses,
            actor_id=actor.principal_id,
            action="accepted",
            comment=comment,
            now=now,
        )
        return interaction
    _ask_again(interaction, actor, comment, now)
    return interaction


def _ask_again(
    interaction: Interaction, actor: Actor, comment: str, now: datetime
) -> None:
    """Open the next round: everybody who answered is asked again."""
    interaction.status = InteractionStatus.PENDING
    interaction.review_round += 1
    interaction.submitted_at = None
    interaction.claimed_by = ""
    interaction.claimed_at = None
    interaction.updated_at = now
    note(
        interaction,
        "changes_requested",
        actor_id=actor.principal_id,
        comment=comment,
        now=now,
    )
    interaction.save()
    again = [p for p in people_of(interaction) if p.state == ParticipantState.ANSWERED]
    set_state(again, ParticipantState.ASKED)
    asked = turn_to(interaction, ParticipantRole.RESPONDER)
    mail_about(interaction, asked, "changes", now=now)
    tell_timeline(
        interaction,
        "interaction.changes_requested",
        now=now,
        round=interaction.review_round,
        reviewer_id=actor.principal_id,
        comment=comment,
    )
    tell_inboxes([(interaction.id, [*asked, actor.principal_id])])
