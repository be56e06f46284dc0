"""Take what is due, for a while."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.expressions import Case, Value, When

from apps.deliveries.models import Delivery, DeliveryStatus

#: Longer than any attempt takes. A sender that dies keeps its messages this long.
LEASE = timedelta(minutes=2)
BATCH = 32
#: Of one batch: a project with a slow receiver leaves room for the others.
PER_PROJECT = 8
_LOOK_AT = 2000

_DUE = """
SELECT id FROM (
    SELECT id, next_attempt_at, row_number() OVER (
        PARTITION BY project_id ORDER BY next_attempt_at, id) AS place
    FROM (
        SELECT id, project_id, next_attempt_at FROM deliveries_delivery
        WHERE status = 'pending' AND next_attempt_at <= %s
        ORDER BY next_attempt_at, id LIMIT %s
    ) AS due
) AS placed
WHERE place <= %s ORDER BY next_attempt_at, id LIMIT %s
"""


@transaction.atomic
def take_due(*, now: datetime) -> list[Delivery]:
    """Return up to ``BATCH`` due messages that nobody else sends for ``LEASE`` from
    now, oldest first.

    A message whose lease ran out was being sent when its sender died: that counts as
    a failure, so that one which kills its senders comes to an end.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, _LOOK_AT, PER_PROJECT, BATCH])
        due = [row[0] for row in cursor.fetchall()]
    if not due:
        return []
    rows = Delivery.objects.filter(
        id__in=due, status=DeliveryStatus.PENDING, next_attempt_at__lte=now
    ).select_for_update(skip_locked=True)
    mine = [row.id for row in rows.order_by("next_attempt_at", "id").only("id")]
    died = Case(When(Q(leased_until=None), then=Value(0)), default=Value(1))
    until = now + LEASE
    Delivery.objects.filter(id__in=mine).update(
        attempts=F("attempts") + 1,
        failures=F("failures") + died,
        leased_until=until,
        next_attempt_at=until,
        updated_at=now,
    )
    taken = Delivery.objects.in_bulk(mine)
    return [taken[one] for one in mine]
