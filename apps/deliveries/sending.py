"""Who sends: one thread beside a Celery worker's tasks, so that no receiver, however
slow, holds up the dispatcher, which shares those workers.

It has many messages under way and takes more as soon as some have ended: one that hangs
holds its own place and nobody else's.
"""

import logging
from collections.abc import Callable
from threading import Lock, Thread
from typing import Final

from django.db import DatabaseError, connections

from apps.deliveries.models import Delivery
from apps.deliveries.network import Network
from apps.deliveries.services.send import prepare
from apps.deliveries.services.settle import settle_delivery
from apps.deliveries.services.take import SLOTS, TROUBLED_SLOTS, take_due
from apps.kernel import clock
from apps.realtime.counting import count as count_total
from apps.realtime.counting import flush_if_due

logger = logging.getLogger(__name__)

#: So many places are filled at once; one by one it would be a statement for each.
REFILL: Final = SLOTS // 8


def send_due() -> int:
    """Send what is due until nothing is; return how many attempts were made."""
    return _send(take_due(now=clock.now()), Network(), is_over=lambda: True)


class Sender:
    """The sender of this process; there is one at most."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._network: Network | None = None
        self._asked = False

    def start(self) -> bool:
        """Send what is due on a thread of its own; return at once, with whether one
        began. If one is at work already, it is told to look again. When the process
        ends first, leases run out and others send."""
        with self._lock:
            if self._network is not None:
                self._asked = True
                self._network.look_again()
                return False
            taken = take_due(now=clock.now())
            if not taken:
                return False
            network = self._network = Network()
            self._asked = False
            Thread(
                target=self._work,
                args=(taken, network),
                name="mobius-sender",
                daemon=True,
            ).start()
            return True

    def _work(self, taken: list[Delivery], network: Network) -> None:
        try:
            _send(taken, network, is_over=self._leave)
        except DatabaseError as error:
            logger.warning("outcomes not written, leases will run out: %s", error)
        finally:
            with self._lock:
                if self._network is network:
                    self._network = None
            connections.close_all()

    def _leave(self) -> bool:
        """Stop being the sender, unless somebody asked to look again since."""
        with self._lock:
            asked, self._asked = self._asked, False
            if not asked:
                self._network = None
            return not asked


_sender = Sender()
send_in_background = _sender.start


def _send(
    taken: list[Delivery], network: Network, *, is_over: Callable[[], bool]
) -> int:
    count = 0
    with network:
        while True:
            for one in taken:
                network.start(one, prepare(one, clock.now()))
            if not network.under_way:
                if is_over():
                    return count
                taken = take_due(now=clock.now())
                continue
            ended, asked = network.ended()
            for delivery, outcome in ended:
                settle_delivery(delivery, outcome, now=clock.now())
                how = {"kind": delivery.kind, "verdict": outcome.verdict.value}
                count_total("mobius_delivery_attempts_total", **how)
            flush_if_due()
            count += len(ended)
            taken = _more(network) if asked or _has_room(network) else []


def _has_room(network: Network) -> bool:
    return not network.under_way or SLOTS - network.under_way >= REFILL


def _more(network: Network) -> list[Delivery]:
    room = SLOTS - network.under_way
    if room <= 0:
        return []
    return take_due(
        now=clock.now(), room=room, troubled_room=TROUBLED_SLOTS - network.troubled
    )
