"""Celery entry points of the dispatcher."""

import time
import uuid

from celery import shared_task

from apps.dispatch.services.drain import BATCH, drain_batch
from apps.kernel import clock
from apps.source_events import nudge

#: A drain makes room for others after this long.
RUN_SECONDS = 5.0
#: A drain with nothing to do listens this long before it ends.
LINGER_SECONDS = 1.0
BLOCK_SECONDS = 0.25
#: Once a batch holds so many events, batches begin at most so often: what gathers
#: meanwhile shares one transaction. A lone event never waits.
BUSY_FROM_EVENTS = 3
BUSY_INTERVAL_SECONDS = 0.015


@shared_task(name="dispatch.drain", ignore_result=True)
def drain() -> int:
    """Dispatch everything due; return how many events.

    Hints and beat call it; any number may run at once, on any number of machines.
    One of them stays a little and listens, because the next hint is then a word on a
    list instead of a message through the broker.
    """
    name = uuid.uuid4().hex
    ends = time.monotonic() + RUN_SECONDS
    dispatched = 0
    listening = nudge.listen(name)
    while True:
        began = time.monotonic()
        nudge.take_hints(listening=listening)
        taken = drain_batch(clock.now())
        dispatched += taken
        over = time.monotonic() > ends
        if taken == BATCH:
            nudge.recruit()
            if not over:
                continue
        elif taken >= BUSY_FROM_EVENTS:
            time.sleep(max(0.0, began + BUSY_INTERVAL_SECONDS - time.monotonic()))
        if taken < BATCH and listening and not over and _hinted(name):
            continue
        if not listening or not nudge.stop_listening():
            return dispatched
        if over:
            nudge.recruit()
            return dispatched
        listening = nudge.listen(name)


def _hinted(name: str) -> bool:
    """Listen for a hint for at most ``LINGER_SECONDS``; return whether one came."""
    until = time.monotonic() + LINGER_SECONDS
    while time.monotonic() < until:
        if not nudge.listen(name):
            return False
        if nudge.wait_for_hint(BLOCK_SECONDS):
            return True
    return False
