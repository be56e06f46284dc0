"""Ask people on behalf of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.api.rendering import to_json
from apps.interactions.answers import default_spec
from apps.interactions.models import Interaction
from apps.kernel.ids import IdKind, new_id

_TARGET_ID_MAX = 128


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """A step asks. ``config`` is its ``interaction`` block with templates rendered."""

    project_id: str
    run_id: str
    task_id: int
    step_name: str
    config: Mapping[str, Any]
    expires_at: datetime | None
    id: str = field(default_factory=lambda: new_id(IdKind.INTERACTION))


def request_interactions(requests: Sequence[NewInteraction], *, now: datetime) -> None:
    """Insert pending interactions in the caller's transaction.

    Asking a second time for one task of a run changes nothing. A target that does
    not exist is stored as it is: a template made it, long after the spec was checked.
    """
    Interaction.objects.bulk_create(
        [_row(request, now) for request in requests], ignore_conflicts=True
    )


def _row(request: NewInteraction, now: datetime) -> Interaction:
    config = request.config
    target = config.get("target") or {}
    type_ = _text(config.get("type"))
    return Interaction(
        id=request.id,
        project_id=request.project_id,
        run_id=request.run_id,
        task_id=request.task_id,
        signal_name=request.step_name,
        type=type_,
        message=_text(config.get("message")),
        context=config.get("context"),
        spec=_spec(config.get("spec") or default_spec(type_)),
        target_type=_text(target.get("type")),
        target_id=_text(target.get("id"))[:_TARGET_ID_MAX],
        require_all=target.get("require_all") is True,
        expires_at=request.expires_at,
        created_at=now,
        updated_at=now,
    )


def _spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Answers are compared with options as texts, so options become texts."""
    options = spec.get("options")
    if not options:
        return dict(spec)
    texts = [{name: _text(part) for name, part in one.items()} for one in options]
    return {**spec, "options": texts}


def _text(value: Any) -> str:
    """A template that is the whole text keeps its type: ``${inputs.number}``."""
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value).decode()
