"""Triggers of a definition's own block: changed there, not here."""

from apps.kernel.errors import Conflict
from apps.triggers.models import Trigger


def refuse_owned(trigger: Trigger) -> None:
    """Return if the trigger stands for itself.

    Raises:
        Conflict: a definition says what it is; names the definition and the key.
    """
    if trigger.workflow_id:
        raise Conflict(
            f"trigger {trigger.name} is defined in the triggers block of"
            f" {trigger.workflow_id} under the key {trigger.key}: change it there",
            code="defined_elsewhere",
            workflow_id=trigger.workflow_id,
            key=trigger.key,
        )
