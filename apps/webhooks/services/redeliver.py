"""Send a webhook's message again, because a person asks for it."""

from datetime import datetime

from django.db import transaction

from apps.deliveries.models import Delivery
from apps.deliveries.selectors import find_delivery
from apps.deliveries.services.resend import resend_delivery
from apps.kernel.errors import Conflict
from apps.webhooks.selectors import find_webhook


@transaction.atomic
def redeliver(
    project_id: str, webhook_id: str, delivery_id: str, *, now: datetime
) -> Delivery:
    """Make a message due now, with ten attempts before it, under its old id and to the
    webhook's address of today.

    Raises:
        NotFound: the project has no such webhook, or it no such delivery.
        Conflict: the webhook is disabled or has no address, or the message is being
            sent at this moment.
    """
    webhook = find_webhook(project_id, webhook_id, for_update=True)
    delivery = find_delivery(project_id, webhook_id, delivery_id)
    if not (webhook.enabled and webhook.url):
        raise Conflict(f"webhook {webhook_id} is disabled or has no address")
    Delivery.objects.filter(id=delivery.id).update(url=webhook.url)
    resend_delivery(delivery.id, now=now)
    return find_delivery(project_id, webhook_id, delivery_id)
