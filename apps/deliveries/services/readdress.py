"""Send what waits for a receiver to its new address."""

from datetime import datetime

from django.db import transaction

from apps.deliveries.models import Delivery, DeliveryStatus
from apps.deliveries.services.abandon import forget_trouble


@transaction.atomic
def readdress_lane(project_id: str, lane: str, url: str, *, now: datetime) -> int:
    """Change where the messages of a lane go that are not delivered yet; return how
    many. What is on its way goes to where it was."""
    waiting = Delivery.objects.filter(
        project_id=project_id, lane=lane, status=DeliveryStatus.PENDING
    )
    forget_trouble(project_id, lane)
    return waiting.update(url=url, updated_at=now)
