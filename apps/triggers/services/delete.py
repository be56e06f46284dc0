"""Delete a trigger with its history."""

from django.db import transaction

from apps.source_events.services.listeners import remove_listeners
from apps.triggers.models import Trigger, TriggerFire
from apps.triggers.ownership import refuse_owned
from apps.triggers.selectors import find_trigger


@transaction.atomic
def delete_trigger(project_id: str, trigger_id: str) -> None:
    """Delete a trigger and its fires, queued ones included; its runs go on.

    Raises:
        NotFound: the project has no such trigger.
        Conflict: a definition says that there is this trigger.
    """
    trigger = find_trigger(project_id, trigger_id, for_update=True)
    refuse_owned(trigger)
    delete_locked(trigger)


def delete_locked(trigger: Trigger) -> None:
    """Do it in the caller's transaction, which holds the trigger's row."""
    remove_listeners([trigger.id])
    TriggerFire.objects.filter(trigger_id=trigger.id).delete()
    trigger.delete()
