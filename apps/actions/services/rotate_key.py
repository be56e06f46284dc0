"""Give an action another key."""

from datetime import datetime

from django.db import transaction

from apps.actions.keys import give_key
from apps.actions.models import CustomAction, EndpointKind
from apps.actions.selectors import find_action
from apps.kernel.errors import Conflict


@transaction.atomic
def rotate_key(
    project_id: str, name: str, *, now: datetime
) -> tuple[CustomAction, str]:
    """Replace the key; return the action and the new key, which is not shown again.

    Raises:
        NotFound: the project has no such action of its own.
        Conflict: workers serve it: nothing is signed.
    """
    action = find_action(project_id, name, for_update=True)
    if action.endpoint_kind != EndpointKind.HTTP:
        raise Conflict(f"{name} is served by workers: its calls are not signed")
    shown = give_key(action)
    action.updated_at = now
    action.save(update_fields=["sealed_key", "key_version", "updated_at"])
    return action, shown
