"""Change a custom action."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.actions.headers import require_secrets
from apps.actions.models import CustomAction
from apps.actions.selectors import find_action


@transaction.atomic
def update_action(
    project_id: str, name: str, changes: Mapping[str, Any], *, now: datetime
) -> CustomAction:
    """Change the named columns of an action; calls that begin from the commit on, also
    later attempts, see it as it is then.

    Raises:
        NotFound: the project has no such action of its own.
        Invalid: a header names a secret that cannot be sent to the endpoint.
    """
    action = find_action(project_id, name, for_update=True)
    for column, value in changes.items():
        setattr(action, column, value)
    if {"headers", "endpoint_url"} & changes.keys():
        require_secrets(project_id, action.endpoint_url, action.headers)
    if changes:
        action.updated_at = now
        action.save(update_fields=[*changes, "updated_at"])
    return action
