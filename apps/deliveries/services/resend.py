"""Send a message again, because a person asks for it."""

from datetime import datetime

from django.db import transaction

from apps.deliveries.models import Delivery, DeliveryKind, DeliveryStatus
from apps.deliveries.nudge import nudge_after_commit
from apps.kernel.errors import Conflict


@transaction.atomic
def resend_delivery(delivery_id: str, *, now: datetime) -> None:
    """Make a message due now, with all its attempts before it.

    It keeps its id, so a receiver that has it already can tell.

    Raises:
        Conflict: it is being sent at this moment, or it is a mail whose text is erased.
    """
    row = Delivery.objects.select_for_update().get(pk=delivery_id)
    pending = row.status == DeliveryStatus.PENDING
    if row.kind == DeliveryKind.MAIL and not pending:
        raise Conflict(f"the text of mail {delivery_id} is erased: {row.status}")
    if pending and row.leased_until is not None and row.leased_until > now:
        raise Conflict(f"delivery {delivery_id} is being sent at this moment")
    Delivery.objects.filter(pk=delivery_id).update(
        status=DeliveryStatus.PENDING,
        failures=0,
        leased_until=None,
        next_attempt_at=now,
        delivered_at=None,
        updated_at=now,
    )
    nudge_after_commit()
