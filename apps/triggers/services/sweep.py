"""Look after queues, in case word of the end of a run got lost."""

from datetime import datetime
from typing import Final

from apps.triggers.selectors import triggers_with_queues
from apps.triggers.services.settle import settle_trigger

AT_ONCE_MAX: Final = 200


def sweep_queues(*, now: datetime) -> int:
    """Settle what can be settled at triggers where fires wait; return how many.

    Each trigger is a transaction of its own.
    """
    waiting = triggers_with_queues(AT_ONCE_MAX)
    return sum(settle_trigger(trigger_id, now=now) for trigger_id in waiting)
