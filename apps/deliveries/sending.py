"""Who sends: threads beside a Celery worker's tasks, so that no receiver, however
slow, holds up the dispatcher, which shares those workers."""

import logging
from collections.abc import Sequence
from threading import BoundedSemaphore, Thread
from typing import Final

from django.db import DatabaseError, connections

from apps.deliveries.models import Delivery
from apps.deliveries.services.send import send_taken
from apps.deliveries.services.settle import settle_delivery
from apps.deliveries.services.take import take_due
from apps.kernel import clock
from apps.realtime.counting import count as count_total
from apps.realtime.counting import flush_if_due

logger = logging.getLogger(__name__)

#: Batches a process has under way at most; each needs a database connection.
SENDERS_MAX: Final = 4
_free = BoundedSemaphore(SENDERS_MAX)


def send_due() -> int:
    """Send what is due until nothing is; return how many attempts were made."""
    return _send(take_due(now=clock.now()))


def send_in_background() -> bool:
    """Take what is due and send it on a thread of its own; return at once, with whether
    there was something. When the process ends first, leases run out and others send."""
    if not _free.acquire(blocking=False):
        return False
    started = False
    try:
        taken = take_due(now=clock.now())
        if taken:
            Thread(
                target=_work, args=(taken,), name="mobius-sender", daemon=True
            ).start()
            started = True
    finally:
        if not started:
            _free.release()
    return started


def _work(taken: Sequence[Delivery]) -> None:
    try:
        _send(taken)
    except DatabaseError as error:
        logger.warning("outcomes not written, leases will run out: %s", error)
    finally:
        connections.close_all()
        _free.release()


def _send(taken: Sequence[Delivery]) -> int:
    count = 0
    while taken:
        for delivery, outcome in send_taken(taken, now=clock.now()):
            settle_delivery(delivery, outcome, now=clock.now())
            count += 1
            how = {"kind": delivery.kind, "verdict": outcome.verdict.value}
            count_total("mobius_delivery_attempts_total", **how)
        flush_if_due()
        taken = take_due(now=clock.now())
    return count
