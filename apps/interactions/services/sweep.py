"""Write down that questions ran out of time."""

from datetime import datetime

from django.db import transaction

from apps.interactions.models import Interaction, InteractionStatus

SWEPT_AT_ONCE_MAX = 1000


@transaction.atomic
def expire_overdue(*, now: datetime) -> int:
    """Expire up to 1000 pending interactions whose time is over; return how many.

    Readers treat them as expired already. Rows somebody holds are left for the next
    sweep; a run hears of its own deadline from its timer, not from here.
    """
    overdue = Interaction.objects.filter(
        status=InteractionStatus.PENDING, expires_at__lte=now
    ).select_for_update(skip_locked=True)
    ids = list(
        overdue.order_by("expires_at").values_list("id", flat=True)[:SWEPT_AT_ONCE_MAX]
    )
    Interaction.objects.filter(id__in=ids).update(
        status=InteractionStatus.EXPIRED, updated_at=now
    )
    return len(ids)
