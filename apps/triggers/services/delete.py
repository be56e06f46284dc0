"""Delete a trigger with its history."""

from django.db import transaction

from apps.source_events.services.listeners import remove_listeners
from apps.triggers.models import TriggerFire
from apps.triggers.selectors import find_trigger


@transaction.atomic
def delete_trigger(project_id: str, trigger_id: str) -> None:
    """Delete a trigger and its fires, queued ones included; its runs go on.

    Raises:
        NotFound: the project has no such trigger.
    """
    trigger = find_trigger(project_id, trigger_id, for_update=True)
    remove_listeners([trigger.id])
    TriggerFire.objects.filter(trigger_id=trigger.id).delete()
    trigger.delete()
