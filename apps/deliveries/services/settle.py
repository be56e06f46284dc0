"""Write down what became of an attempt."""

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.api.rendering import instant
from apps.deliveries.models import Delivery, DeliveryKind, DeliveryStatus
from apps.deliveries.outcomes import Outcome, Verdict, delay_after

ERROR_CHARS_MAX: Final = 1000
#: Of the tries that a message remembers: two rounds of ten.
TRIES_MAX: Final = 20
TRY_ERROR_CHARS_MAX: Final = 200

_IN_TROUBLE: Final = """
INSERT INTO deliveries_trouble
    (project_id, lane, failures, failed, since, updated_at)
VALUES (%(project_id)s, %(lane)s, 1, %(failed)s, %(now)s, %(now)s)
ON CONFLICT (project_id, lane) DO UPDATE
    SET failures = deliveries_trouble.failures + 1,
        failed = deliveries_trouble.failed + excluded.failed,
        updated_at = excluded.updated_at
"""

_OUT_OF_TROUBLE: Final = """
DELETE FROM deliveries_trouble WHERE project_id = %(project_id)s AND lane = %(lane)s
"""


@transaction.atomic
def settle_delivery(taken: Delivery, outcome: Outcome, *, now: datetime) -> bool:
    """End the attempt ``taken`` stands for; return whether it was still ours to end.

    One statement decides: when the lease ran out and another sender took the message,
    what this attempt says is too late. Its lane remembers whether it is in trouble.
    """
    mine = Delivery.objects.filter(
        id=taken.id, attempts=taken.attempts, status=DeliveryStatus.PENDING
    )
    changes = _changes(taken, outcome, now)
    if not mine.update(**changes):
        return False
    if taken.lane:
        _note(taken, outcome, changes.get("status") == DeliveryStatus.FAILED, now)
    return True


def _changes(taken: Delivery, outcome: Outcome, now: datetime) -> dict[str, Any]:
    error = outcome.error.replace("\x00", "")
    changes: dict[str, Any] = {
        "leased_until": None,
        "last_status": outcome.status,
        "last_error": error[:ERROR_CHARS_MAX],
        "last_answer": outcome.answer.replace("\x00", ""),
        "tries": _tries(taken, outcome, error, now),
        "updated_at": now,
    }
    if outcome.verdict is Verdict.DELIVERED:
        changes |= {"status": DeliveryStatus.DELIVERED, "delivered_at": now}
        return changes | _erased(taken)
    failures = taken.failures + 1
    delay = delay_after(
        outcome,
        failures=failures,
        delivery_id=taken.id,
        refusal_is_final=taken.refusal_is_final,
    )
    changes["failures"] = failures
    if delay is None:
        return changes | {"status": DeliveryStatus.FAILED} | _erased(taken)
    return changes | {"next_attempt_at": now + delay}


def _tries(
    taken: Delivery, outcome: Outcome, error: str, now: datetime
) -> list[dict[str, Any]]:
    one = {
        "attempt": taken.attempts,
        "at": instant(now),
        "status": outcome.status,
        "error": error[:TRY_ERROR_CHARS_MAX],
    }
    return [*taken.tries, one][-TRIES_MAX:]


def _erased(taken: Delivery) -> dict[str, Any]:
    """A mail may hold a link that opens something: it is not kept."""
    return {"payload": {}} if taken.kind == DeliveryKind.MAIL else {}


def _note(taken: Delivery, outcome: Outcome, is_over: bool, now: datetime) -> None:
    place = {"project_id": taken.project_id, "lane": taken.lane}
    is_well = outcome.verdict is Verdict.DELIVERED
    with connection.cursor() as cursor:
        cursor.execute(
            _OUT_OF_TROUBLE if is_well else _IN_TROUBLE,
            {**place, "failed": int(is_over), "now": now},
        )
