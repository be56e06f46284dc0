"""Give up what waits for a receiver."""

from datetime import datetime

from django.db import transaction

from apps.deliveries.models import Delivery, DeliveryStatus, Trouble


@transaction.atomic
def abandon_lane(project_id: str, lane: str, reason: str, *, now: datetime) -> int:
    """End every message to a receiver as failed, for ``reason``; return how many. What
    is on its way may arrive all the same. Its troubles are forgotten."""
    waiting = Delivery.objects.filter(
        project_id=project_id, lane=lane, status=DeliveryStatus.PENDING
    )
    forget_trouble(project_id, lane)
    return waiting.update(
        status=DeliveryStatus.FAILED,
        leased_until=None,
        last_error=reason,
        updated_at=now,
    )


def forget_trouble(project_id: str, lane: str) -> None:
    """Think well of a receiver again."""
    Trouble.objects.filter(project_id=project_id, lane=lane).delete()
