"""Call the subscriber of a question that is over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.api.rendering import instant
from apps.deliveries.services.enqueue import NewHttpDelivery, enqueue_deliveries
from apps.interactions.models import Interaction
from apps.interactions.question import KINDS


def call_subscriber(event: Mapping[str, Any], now: datetime) -> None:
    """Put the signed callback into the outbox, in the dispatcher's transaction; the
    same event delivered twice puts it there once."""
    interaction = Interaction.objects.filter(pk=event["interaction_id"]).first()
    subscriber = (
        (interaction.consumer or {}).get("http_subscriber") if interaction else None
    )
    if interaction is None or not subscriber:
        return
    enqueue_deliveries(
        [
            NewHttpDelivery(
                project_id=interaction.project_id,
                purpose="interaction.callback",
                subject_id=interaction.id,
                run_id=interaction.run_id,
                url=subscriber["callback_url"],
                secret_ref=subscriber["secret_ref"],
                body=callback_body(interaction),
                dedup_key=f"{interaction.id}:callback",
            )
        ],
        now=now,
    )


def callback_body(interaction: Interaction) -> dict[str, Any]:
    """Return what a subscriber is told."""
    answered = interaction.completed_at is not None
    return {
        "interaction_id": interaction.id,
        "kind": KINDS.get(interaction.type, interaction.type),
        "status": interaction.status,
        "outcome": interaction.value if answered else None,
        "comment": interaction.comment or None,
        "responder": (
            {"user_id": interaction.responder_id, "type": interaction.responder_type}
            if answered
            else None
        ),
        "resolved_by": interaction.resolved_by or None,
        "resolving_response_id": interaction.resolving_response_id or None,
        "reason": interaction.cancel_reason or None,
        "completed_at": instant(interaction.completed_at),
        "run_id": interaction.run_id or None,
    }
