"""Write down what became of an attempt."""

from datetime import datetime
from typing import Any

from apps.deliveries.models import Delivery, DeliveryKind, DeliveryStatus
from apps.deliveries.outcomes import Outcome, Verdict, delay_after

ERROR_CHARS_MAX = 1000


def settle_delivery(taken: Delivery, outcome: Outcome, *, now: datetime) -> bool:
    """End the attempt ``taken`` stands for; return whether it was still ours to end.

    One statement decides: when the lease ran out and another sender took the message,
    what this attempt says is too late.
    """
    mine = Delivery.objects.filter(
        id=taken.id, attempts=taken.attempts, status=DeliveryStatus.PENDING
    )
    return bool(mine.update(**_changes(taken, outcome, now)))


def _changes(taken: Delivery, outcome: Outcome, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "leased_until": None,
        "last_status": outcome.status,
        "last_error": outcome.error.replace("\x00", "")[:ERROR_CHARS_MAX],
        "updated_at": now,
    }
    if outcome.verdict is Verdict.DELIVERED:
        changes |= {"status": DeliveryStatus.DELIVERED, "delivered_at": now}
        return changes | _erased(taken)
    failures = taken.failures + 1
    delay = delay_after(outcome, failures=failures, delivery_id=taken.id)
    changes["failures"] = failures
    if delay is None:
        return changes | {"status": DeliveryStatus.FAILED} | _erased(taken)
    return changes | {"next_attempt_at": now + delay}


def _erased(taken: Delivery) -> dict[str, Any]:
    """A mail may hold a link that opens something: it is not kept."""
    return {"payload": {}} if taken.kind == DeliveryKind.MAIL else {}
