"""Take an answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.api.body import invalid_field
from apps.interactions.actors import Actor, answers_as, require_may_answer
from apps.interactions.answers import answer_problems, default_spec
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    InteractionResponse,
    InteractionStatus,
    ParticipantRole,
    ParticipantState,
)
from apps.interactions.resolution import Answer, Outcome, outcome_of
from apps.interactions.selectors import find_interaction
from apps.interactions.services.finish import complete
from apps.interactions.store import (
    answers_of,
    people_of,
    rule_of,
    set_state,
    turn_to,
)
from apps.interactions.telling import note, tell_inboxes, tell_timeline
from apps.kernel.errors import Conflict, Invalid

_COUNTS = (ParticipantState.ASKED, ParticipantState.ANSWERED)


@transaction.atomic
def respond_to_interaction(
    project_id: str,
    interaction_id: str,
    *,
    actor: Actor,
    value: Any,
    comment: str = "",
    on_behalf_of: str = "",
    now: datetime,
) -> Interaction:
    """Answer a pending question, each person once a round.

    When the answers make an outcome the question is completed and its run goes on,
    or its reviewers look at it first. Answers that arrive at the same moment queue up
    on the row: which came first is decided there.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: somebody else is asked, or this one is barred.
        Conflict: it is over, claimed by somebody else, or answered by this person.
        Invalid: ``value`` is not what ``spec`` asks for, or it is not clear for whom
            a service answers.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    people = people_of(interaction)
    require_may_answer(actor, interaction, people, on_behalf_of)
    require_pending(interaction, now)
    as_whom = answers_as(actor, interaction, people, on_behalf_of)
    if interaction.claimed_by not in ("", as_whom):
        raise Conflict(
            f"interaction {interaction.id} is claimed by {interaction.claimed_by}",
            code="claimed",
            status=interaction.status,
            claimed_by=interaction.claimed_by,
        )
    _check_value(value, interaction)
    response = _store(interaction, actor, as_whom, value, comment, now)
    mine = [person for person in people if person.principal_id == as_whom]
    set_state(mine, ParticipantState.ANSWERED)
    _weigh(interaction, people, response, actor, now)
    return interaction


def require_pending(interaction: Interaction, now: datetime) -> None:
    """Let through while answers are taken.

    Raises:
        Conflict: it is answered, in review, expired or cancelled.
    """
    status = interaction.status_at(now)
    if status is not InteractionStatus.PENDING:
        raise Conflict(
            f"interaction {interaction.id} is {status.value}, not pending",
            status=status.value,
        )


def outcome_now(
    interaction: Interaction,
    people: Sequence[InteractionParticipant],
    responses: Sequence[InteractionResponse],
) -> Outcome | None:
    """Return what the answers of the round make, None while more are needed.

    ``people`` are those asked to answer, in their states before the last answer.
    """
    answers = [Answer(response.id, response.value) for response in responses]
    asked = sum(person.state in _COUNTS for person in people)
    return outcome_of(rule_of(interaction), answers, asked=asked)


def _check_value(value: Any, interaction: Interaction) -> None:
    spec = interaction.spec or default_spec(interaction.type)
    problems = answer_problems(value, spec)
    if not problems:
        return
    fields = [
        {"path": _join("value", path), "message": message} for path, message in problems
    ]
    first = fields[0]
    if len(fields) == 1:
        raise invalid_field(first["path"], first["message"])
    raise Invalid(
        f"{first['path']}: {first['message']} (and {len(fields) - 1} more)",
        path=first["path"],
        fields=fields,
    )


def _join(root: str, path: str) -> str:
    return f"{root}.{path}" if path and not path.startswith("[") else root + path


def _store(
    interaction: Interaction,
    actor: Actor,
    as_whom: str,
    value: Any,
    comment: str,
    now: datetime,
) -> InteractionResponse:
    itself = as_whom == actor.principal_id
    # The answer to an agent's queue is the agent's, whichever service sends it.
    of_queue = interaction.target_type == "agent" and not actor.is_human
    return InteractionResponse.objects.create(
        interaction_id=interaction.id,
        project_id=interaction.project_id,
        principal_id=as_whom,
        given_by="" if itself or of_queue else actor.signature,
        responder_type=actor.responder_type,
        round=interaction.review_round,
        value=value,
        comment=comment,
        channel=actor.channel,
        account=actor.account,
        key_id=actor.key_id,
        address=actor.address,
        user_agent=actor.user_agent,
        responded_at=now,
    )


def _weigh(
    interaction: Interaction,
    people: Sequence[InteractionParticipant],
    response: InteractionResponse,
    actor: Actor,
    now: datetime,
) -> None:
    """See whether the answers make an outcome now, and go on from there."""
    responses = answers_of(interaction)
    outcome = outcome_now(interaction, people, responses)
    if outcome is None:
        interaction.updated_at = now
        interaction.save(update_fields=["updated_at"])
        _tell_of_answer(interaction, response, now)
        tell_inboxes([(interaction.id, [person.principal_id for person in people])])
    elif interaction.review is not None:
        _submit(interaction, response, actor, now)
    else:
        complete(
            interaction, outcome, responses, actor_id=response.responder_id, now=now
        )


def _submit(
    interaction: Interaction,
    response: InteractionResponse,
    actor: Actor,
    now: datetime,
) -> None:
    """The rule is satisfied: reviewers look at the answers before they count."""
    interaction.status = InteractionStatus.IN_REVIEW
    interaction.submitted_at = interaction.updated_at = now
    note(interaction, "submitted_for_review", actor_id=actor.principal_id, now=now)
    interaction.save()
    reviewers = turn_to(interaction, ParticipantRole.REVIEWER)
    _tell_of_answer(interaction, response, now)
    tell_timeline(
        interaction,
        "interaction.submitted",
        now=now,
        round=interaction.review_round,
        reviewers=reviewers,
    )
    tell_inboxes([(interaction.id, [*reviewers, response.principal_id])])


def _tell_of_answer(
    interaction: Interaction, response: InteractionResponse, now: datetime
) -> None:
    tell_timeline(
        interaction,
        "interaction.answered",
        now=now,
        response={"value": response.value, "comment": response.comment},
        responder={"type": response.responder_type, "id": response.responder_id},
        principal_id=response.principal_id,
    )
