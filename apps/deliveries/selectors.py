"""Reading deliveries."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from apps.deliveries.models import Delivery, DeliveryStatus, Trouble
from apps.kernel.errors import NotFound


def deliveries_about(project_id: str, subject_id: str) -> QuerySet[Delivery]:
    """Return what was sent about something of a project, oldest first."""
    return Delivery.objects.filter(
        project_id=project_id, subject_id=subject_id
    ).order_by("id")


def find_delivery(project_id: str, subject_id: str, delivery_id: str) -> Delivery:
    """Return one message about something of a project.

    Raises:
        NotFound: there is none with this id.
    """
    found = deliveries_about(project_id, subject_id).filter(id=delivery_id).first()
    if found is None:
        raise NotFound(f"delivery {delivery_id} not found")
    return found


def is_under_way(delivery: Delivery, now: datetime) -> bool:
    """Say whether somebody sends it at this moment."""
    pending = delivery.status == DeliveryStatus.PENDING
    until = delivery.leased_until
    return pending and until is not None and until > now


def troubles_of(lanes: Collection[str]) -> dict[str, Trouble]:
    """Return those receivers, by lane, that did not take their last messages."""
    return {one.lane: one for one in Trouble.objects.filter(lane__in=lanes)}


def dead_lanes(prefix: str, *, since: datetime, failed: int) -> list[Trouble]:
    """Return the receivers, of lanes that begin with ``prefix``, to which nothing was
    delivered since that instant and so many messages were given up."""
    rows = Trouble.objects.filter(since__lte=since, failed__gte=failed)
    return list(rows.filter(lane__startswith=prefix).order_by("id"))
