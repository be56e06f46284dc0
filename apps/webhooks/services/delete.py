"""Delete a webhook."""

from datetime import datetime

from django.db import transaction

from apps.deliveries.services.abandon import abandon_lane
from apps.secrets.services.destroy_owned import destroy_owned
from apps.source_events.services.listeners import remove_listeners
from apps.webhooks.selectors import find_webhook


@transaction.atomic
def delete_webhook(
    project_id: str, webhook_id: str, *, deleted_by: str, now: datetime
) -> None:
    """Delete a webhook with its key. What waits to be sent is given up; the record of
    what was sent stays for the operator as long as other deliveries do.

    Raises:
        NotFound: the project has no such webhook.
    """
    webhook = find_webhook(project_id, webhook_id, for_update=True)
    remove_listeners([webhook.id])
    abandon_lane(project_id, webhook_id, "the webhook was deleted", now=now)
    destroy_owned(project_id, webhook_id, destroyed_by=deleted_by, now=now)
    webhook.delete()
