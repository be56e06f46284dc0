"""End a question: tell the run, the timeline, inboxes and subscribers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.api.rendering import instant
from apps.interactions.models import (
    Interaction,
    InteractionResponse,
    InteractionStatus,
)
from apps.interactions.question import KINDS
from apps.interactions.resolution import Outcome
from apps.interactions.store import close_people
from apps.interactions.telling import note, tell_inboxes, tell_timeline
from apps.source_events.catalog import Internal, Public
from apps.source_events.services.append import Fact, append_source_events


def complete(
    interaction: Interaction,
    outcome: Outcome,
    responses: Sequence[InteractionResponse],
    *,
    actor_id: str,
    action: str = "resolved",
    comment: str = "",
    now: datetime,
) -> None:
    """Complete a question with its outcome, under its lock, in the caller's
    transaction. Appends to the outbox and then to the timeline."""
    deciding = next(r for r in responses if r.id == outcome.response_id)
    interaction.status = InteractionStatus.COMPLETED
    interaction.value = outcome.value
    interaction.comment = deciding.comment
    interaction.responder_id = deciding.responder_id
    interaction.responder_type = deciding.responder_type
    interaction.resolved_by = outcome.resolved_by
    interaction.resolving_response_id = outcome.response_id
    interaction.completed_at = interaction.updated_at = now
    note(interaction, action, actor_id=actor_id, comment=comment, now=now)
    interaction.save()
    changed = close_people([interaction.id])
    response = response_payload(interaction, responses)
    facts = [_resolved(interaction, response), *callback_facts([interaction])]
    append_source_events(facts, now=now)
    tell_timeline(
        interaction,
        "interaction.responded",
        now=now,
        response={"value": interaction.value, "comment": interaction.comment},
        responder=response["responder"],
        resolved_by=interaction.resolved_by,
    )
    tell_inboxes(changed)


def response_payload(
    interaction: Interaction, responses: Sequence[InteractionResponse]
) -> dict[str, Any]:
    """Return what the step that asked gets as its output."""
    return {
        "interaction_id": interaction.id,
        "status": interaction.status,
        "value": interaction.value,
        "comment": interaction.comment,
        "responder": {
            "type": interaction.responder_type,
            "id": interaction.responder_id,
        },
        "resolved_by": interaction.resolved_by,
        "responses": [
            {
                "user_id": response.principal_id,
                "value": response.value,
                "comment": response.comment,
                "responded_at": instant(response.responded_at),
            }
            for response in responses
        ],
    }


def callback_facts(interactions: Sequence[Interaction]) -> list[Fact]:
    """Return the events that have subscribers called; most questions have none."""
    return [
        Fact(
            interaction.project_id,
            Internal.INTERACTION_CALLBACK,
            source_kind="interaction",
            source_id=interaction.id,
            event={"interaction_id": interaction.id},
        )
        for interaction in interactions
        if (interaction.consumer or {}).get("kind") == "http_subscriber"
    ]


def _resolved(interaction: Interaction, response: dict[str, Any]) -> Fact:
    """Return the fact; one that no run asked for goes to listeners only."""
    return Fact(
        interaction.project_id,
        Public.INTERACTION_RESOLVED,
        source_kind="interaction",
        source_id=interaction.id,
        run_id=interaction.run_id,
        event={
            "interaction_id": interaction.id,
            "task_id": interaction.task_id,
            "signal_name": interaction.signal_name,
            "response": response,
        },
        meta={
            "interaction_id": interaction.id,
            "kind": KINDS.get(interaction.type, interaction.type),
            "status": interaction.status,
            "responder_id": interaction.responder_id,
            "resolving_response_id": interaction.resolving_response_id,
        },
        settled=False if interaction.run_id else None,
    )
