"""Interactions as the API shows them: the workflow dialect."""

from datetime import datetime
from typing import Any

from apps.api.rendering import instant, present
from apps.interactions.models import Interaction

#: A step says user where the API says member.
_ACTOR_TYPES = {"user": "member"}


def render_interaction(interaction: Interaction, *, now: datetime) -> dict[str, Any]:
    """Return a question, with its answer if there is one."""
    answered = interaction.completed_at is not None
    type_ = interaction.target_type
    return present(
        id=interaction.id,
        run_id=interaction.run_id or None,
        signal_name=interaction.signal_name or None,
        type=interaction.type,
        status=interaction.status_at(now).value,
        message=interaction.message,
        context=interaction.context,
        spec=interaction.spec,
        target={"type": type_, "id": interaction.target_id},
        target_actor={
            "type": _ACTOR_TYPES.get(type_, type_),
            "id": interaction.target_id,
        },
        require_all=interaction.require_all,
        responder_actor=interaction.responder if answered else None,
        response=_response(interaction) if answered else None,
        expires_at=instant(interaction.expires_at),
        completed_at=instant(interaction.completed_at),
        created_at=instant(interaction.created_at),
        updated_at=instant(interaction.updated_at),
    )


def _response(interaction: Interaction) -> dict[str, Any]:
    return {
        "value": interaction.value,
        **present(comment=interaction.comment or None),
        "at": instant(interaction.completed_at),
    }
