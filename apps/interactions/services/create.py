"""Ask somebody outside of any run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.api.body import invalid_field
from apps.identity.models import Principal
from apps.interactions.answers import default_spec
from apps.interactions.models import Interaction


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask whom. ``target_path`` is where the caller named the target."""

    type: str
    message: str
    target_id: str
    target_path: str = "target_actor"
    context: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] | None = None
    require_all: bool = False
    expires_at: datetime | None = None


def create_interaction(
    project_id: str, question: Question, *, now: datetime
) -> Interaction:
    """Create a pending interaction that belongs to no run.

    Raises:
        Invalid: the target is nobody of this project, or ``expires_at`` has passed.
    """
    known = Principal.objects.filter(project_id=project_id, pk=question.target_id)
    if not known.exists():
        raise invalid_field(
            f"{question.target_path}.id", "expected a principal of this project"
        )
    if question.expires_at is not None and question.expires_at <= now:
        raise invalid_field("expires_at", "expected an instant in the future")
    return Interaction.objects.create(
        project_id=project_id,
        type=question.type,
        message=question.message,
        context=question.context,
        spec=question.spec or default_spec(question.type),
        target_type="user",
        target_id=question.target_id,
        require_all=question.require_all,
        expires_at=question.expires_at,
        created_at=now,
        updated_at=now,
    )
