"""Create a custom action."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from apps.actions.headers import require_secrets
from apps.actions.keys import give_key
from apps.actions.models import CustomAction, EndpointKind, InvocationFormat, Risk
from apps.actions.uniqueness import taken
from apps.identity.models import Project
from apps.kernel.errors import Conflict
from apps.kernel.ids import IdKind, new_id

#: The catalogue is made of all of them at once.
ACTIONS_MAX: Final = 1000
SECONDS_DEFAULT: Final = 30.0


@dataclass(frozen=True, slots=True)
class NewAction:
    """An action as it was sent."""

    name: str
    title: str = ""
    description: str = ""
    endpoint_kind: str = EndpointKind.HTTP.value
    endpoint_url: str = ""
    invocation_format: str = InvocationFormat.SIGNED_CONTEXT.value
    headers: Mapping[str, Any] = field(default_factory=dict)
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    annotations: Mapping[str, bool] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    risk: str = Risk.MEDIUM.value
    timeout_seconds: float = SECONDS_DEFAULT
    enabled: bool = True


@transaction.atomic
def create_action(
    project_id: str, new: NewAction, *, created_by: str, now: datetime
) -> tuple[CustomAction, str]:
    """Create an action; return it and the key that signs its calls, which is not shown
    again and is empty for what workers serve.

    Raises:
        Conflict: the name is taken, or the project has ``ACTIONS_MAX`` actions.
        Invalid: a header names a secret that cannot be sent to the endpoint.
    """
    Project.objects.select_for_update().get(id=project_id)
    if CustomAction.objects.filter(project_id=project_id).count() >= ACTIONS_MAX:
        raise Conflict(f"a project has at most {ACTIONS_MAX} actions of its own")
    require_secrets(project_id, new.endpoint_url, new.headers)
    fields = {name: getattr(new, name) for name in NewAction.__dataclass_fields__}
    action = CustomAction(
        id=new_id(IdKind.ACTION),
        project_id=project_id,
        created_by=created_by,
        created_at=now,
        updated_at=now,
        **fields,
    )
    shown = give_key(action) if new.endpoint_kind == EndpointKind.HTTP else ""
    try:
        with transaction.atomic():
            action.save(force_insert=True)
    except IntegrityError as error:
        raise taken(error, new.name) from None
    return action, shown
