"""The thread on which attempts wait for the network, many at once."""

import asyncio
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType

from apps.deliveries.models import Delivery
from apps.deliveries.outcomes import Outcome
from apps.deliveries.services.send import Attempt

Ended = tuple[Delivery, Outcome]


class Network:
    """Runs attempts; whoever has it writes down each outcome while others are under
    way, and may start more at any time."""

    def __init__(self) -> None:
        self._ended: SimpleQueue[Ended | None] = SimpleQueue()
        self._loops: SimpleQueue[asyncio.AbstractEventLoop] = SimpleQueue()
        self._troubled: set[str] = set()
        self.under_way = 0

    @property
    def troubled(self) -> int:
        """How many of those under way go to receivers that are in trouble."""
        return len(self._troubled)

    def __enter__(self) -> "Network":
        self._thread = Thread(
            target=lambda: asyncio.run(self._stay()),
            name="mobius-deliveries",
            daemon=True,
        )
        self._thread.start()
        self._loop = self._loops.get()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join()

    def start(self, delivery: Delivery, attempt: Attempt | Outcome) -> None:
        """Begin an attempt; one that is over before it begins is its outcome."""
        self.under_way += 1
        if delivery.is_troubled:
            self._troubled.add(delivery.id)
        if isinstance(attempt, Outcome):
            self._ended.put((delivery, attempt))
        else:
            asyncio.run_coroutine_threadsafe(self._run(delivery, attempt), self._loop)

    def look_again(self) -> None:
        """Have ``ended`` return although nothing may have. From any thread."""
        self._ended.put(None)

    def ended(self) -> tuple[list[Ended], bool]:
        """Wait until an attempt has ended or somebody says to look again; return what
        has ended, and whether somebody said so."""
        found = [self._ended.get()]
        try:
            while True:
                found.append(self._ended.get_nowait())
        except Empty:
            pass
        over = [one for one in found if one is not None]
        self.under_way -= len(over)
        self._troubled.difference_update(delivery.id for delivery, _ in over)
        return over, len(over) < len(found)

    async def _stay(self) -> None:
        self._leave = asyncio.Event()
        self._loops.put(asyncio.get_running_loop())
        await self._leave.wait()

    async def _run(self, delivery: Delivery, attempt: Attempt) -> None:
        self._ended.put((delivery, await attempt()))
