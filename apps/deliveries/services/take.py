"""Take what is due, for a while: fairly among projects and among receivers."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.expressions import Case, Value, When

from apps.deliveries.models import Delivery, DeliveryStatus

#: Longer than any attempt takes. A sender that dies keeps its messages this long.
LEASE: Final = timedelta(minutes=2)
#: Messages that one process has under way at most.
SLOTS: Final = 128
#: Of these, messages to receivers that are in trouble: the rest is for the others.
TROUBLED_SLOTS: Final = SLOTS // 2
#: Messages under way at a time, in all processes together: to one receiver, to one in
#: trouble, of one project.
PER_LANE: Final = 4
PER_TROUBLED_LANE: Final = 1
PER_PROJECT: Final = 32
#: So many attempts in a row that did not deliver are trouble.
TROUBLE_FROM: Final = 3

#: Takers take turns, so that each counts what those before it took.
_MY_TURN: Final = "SELECT pg_advisory_xact_lock(hashtext('mobius deliveries'))"

#: Lanes are found one by one along the index, however much waits in each. Then the
#: first of every lane come before the second of any, project by project.
_DUE: Final = """
WITH RECURSIVE lanes AS (
    (SELECT project_id, lane FROM deliveries_delivery WHERE status = 'pending'
     ORDER BY project_id, lane LIMIT 1)
    UNION ALL
    SELECT n.project_id, n.lane FROM lanes AS l CROSS JOIN LATERAL (
        SELECT d.project_id, d.lane FROM deliveries_delivery AS d
        WHERE d.status = 'pending' AND (d.project_id, d.lane) > (l.project_id, l.lane)
        ORDER BY d.project_id, d.lane LIMIT 1) AS n
), busy AS MATERIALIZED (
    SELECT project_id, lane, count(*) AS held FROM deliveries_delivery
    WHERE status = 'pending' AND leased_until > %(now)s GROUP BY project_id, lane
), free AS (
    SELECT l.project_id, l.lane, t.failures IS NOT NULL AS troubled,
           CASE WHEN l.lane = '' THEN %(per_project)s
                WHEN t.failures IS NOT NULL THEN %(per_troubled_lane)s
                ELSE %(per_lane)s END - coalesce(b.held, 0) AS room
    FROM lanes AS l
    LEFT JOIN busy AS b ON b.project_id = l.project_id AND b.lane = l.lane
    LEFT JOIN deliveries_trouble AS t ON t.project_id = l.project_id
        AND t.lane = l.lane AND t.failures >= %(trouble_from)s
), due AS (
    SELECT d.*, f.project_id, f.troubled, row_number() OVER (
        PARTITION BY f.project_id ORDER BY d.turn, d.next_attempt_at, d.id) AS place
    FROM free AS f CROSS JOIN LATERAL (
        SELECT id, next_attempt_at,
               row_number() OVER (ORDER BY next_attempt_at, id) AS turn
        FROM deliveries_delivery
        WHERE status = 'pending' AND project_id = f.project_id AND lane = f.lane
          AND next_attempt_at <= %(now)s
        ORDER BY next_attempt_at, id LIMIT greatest(f.room, 0)) AS d
), fair AS (
    SELECT due.*, row_number() OVER (
        PARTITION BY troubled ORDER BY place, next_attempt_at, id) AS nth
    FROM due LEFT JOIN (SELECT project_id, sum(held) AS held FROM busy
                        GROUP BY project_id) AS p USING (project_id)
    WHERE due.place <= %(per_project)s - coalesce(p.held, 0)
)
SELECT id, troubled FROM fair WHERE NOT troubled OR nth <= %(troubled_room)s
ORDER BY place, next_attempt_at, id LIMIT %(room)s
"""


@transaction.atomic
def take_due(
    *, now: datetime, room: int = SLOTS, troubled_room: int = TROUBLED_SLOTS
) -> list[Delivery]:
    """Return up to ``room`` due messages that nobody else sends for ``LEASE`` from
    now, at most ``troubled_room`` of them to receivers that are in trouble.

    A message whose lease ran out was being sent when its sender died: that counts as
    a failure, so that one which kills its senders comes to an end.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MY_TURN)
        cursor.execute(_DUE, _limits(now, room, troubled_room))
        troubled = dict(cursor.fetchall())
    if not troubled:
        return []
    rows = Delivery.objects.filter(
        id__in=troubled, status=DeliveryStatus.PENDING, next_attempt_at__lte=now
    ).select_for_update(skip_locked=True)
    mine = set(rows.order_by("id").values_list("id", flat=True))
    died = Case(When(Q(leased_until=None), then=Value(0)), default=Value(1))
    until = now + LEASE
    Delivery.objects.filter(id__in=mine).update(
        attempts=F("attempts") + 1,
        failures=F("failures") + died,
        leased_until=until,
        next_attempt_at=until,
        updated_at=now,
    )
    taken = Delivery.objects.in_bulk(list(mine))
    for id_, delivery in taken.items():
        delivery.is_troubled = troubled[id_]
    return [taken[id_] for id_ in troubled if id_ in taken]


def _limits(now: datetime, room: int, troubled_room: int) -> dict[str, Any]:
    return {
        "now": now,
        "room": room,
        "troubled_room": troubled_room,
        "per_lane": PER_LANE,
        "per_troubled_lane": PER_TROUBLED_LANE,
        "per_project": PER_PROJECT,
        "trouble_from": TROUBLE_FROM,
    }
