"""Which law of the trigger table an insert or update broke."""

from django.db import IntegrityError

from apps.kernel.errors import Conflict
from apps.triggers.models import Trigger
from apps.workflows.uniqueness import violated


def taken(error: IntegrityError, trigger: Trigger) -> Exception:
    """Return the Conflict for what is taken; another error comes back as it is."""
    match violated(error):
        case "trigger_name_once_in_project":
            return Conflict(
                f"a trigger named {trigger.name} exists already in this project",
                path="name",
                name=trigger.name,
            )
        case "trigger_handle_once":
            return Conflict(
                f"webhook_handle: {trigger.handle} is taken",
                path="webhook_handle",
                handle=trigger.handle,
            )
        case _:
            return error
