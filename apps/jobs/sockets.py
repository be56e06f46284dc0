"""All worker sockets of this process, and what is done for all of them at once.

No socket has a timer, a thread or a connection of its own: one loop a second sends
keep-alives, ends sockets whose key is not good any more, confirms who is there, and
looks for work that no message told of.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from apps.identity.admission import still_admitted
from apps.identity.permissions import Permission
from apps.jobs.services.drain_worker import DRAIN
from apps.jobs.services.keep_sessions import Filter, find_work, keep_sessions
from apps.jobs.services.open_session import REPLACED
from apps.jobs.services.tell import CANCEL
from apps.kernel import clock
from apps.kernel.errors import Unavailable
from apps.realtime.bridge import hop
from apps.realtime.subscription import Subscription

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

TICK_SECONDS: Final = 1.0
#: In ticks: how often to look for work, at the keys, and to confirm who is there.
WORK_TICKS: Final = 2
ADMISSION_TICKS: Final = 3
KEEP_TICKS: Final = 10
#: Sockets one process holds; more are turned away with 503.
SOCKETS_MAX: Final = 20_000
BATCH: Final = 500
STOP_SECONDS_MAX: Final = 5.0


class Socket(Protocol):
    """What is asked of one worker's socket."""

    connection_id: str
    key_id: str
    worker_row: str

    @property
    def held(self) -> Mapping[str, object]:
        """Return the jobs in its worker's hands."""

    def key(self) -> Filter:
        """Return what its worker would take."""

    def can_be_told(self) -> bool:
        """Say whether its worker has room and no claim open."""

    def tell(self) -> None:
        """Tell its worker that there is work."""

    def stop_job(self, job_id: str, reason: str, at: str | None) -> None:
        """Tell its worker to stop a job."""

    def drain(self) -> None:
        """Tell its worker to finish and take no more."""

    def replaced(self) -> None:
        """Its worker is on another connection."""

    def revoked(self) -> None:
        """Its key is not good any more."""

    def tick(self, now: float) -> None:
        """Do what is due by the clock."""

    def shut(self) -> None:
        """The server is gone in a moment."""


class Sockets:
    """The open sockets by connection, and who holds which job."""

    def __init__(self) -> None:
        self._open: dict[str, Socket] = {}
        self._holders: dict[str, Socket] = {}
        self._watch: asyncio.Task[None] | None = None

    def start(self, subscription: Subscription) -> None:
        """Begin to listen and to watch, on the running loop."""
        subscription.listen(CANCEL, self._on_cancel)
        subscription.listen(REPLACED, self._on_replaced)
        subscription.listen(DRAIN, self._on_drain)
        self._watch = asyncio.get_running_loop().create_task(self._watch_forever())

    async def stop(self) -> None:
        """Close what is still open, and stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        for socket in tuple(self._open.values()):
            socket.shut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS_MAX):
                while self._open:
                    await asyncio.sleep(0.01)

    def count(self) -> int:
        """Return how many sockets are open."""
        return len(self._open)

    def require_room(self) -> None:
        """Let one more in, or not.

        Raises:
            Unavailable: this process holds as many as it may.
        """
        if len(self._open) >= SOCKETS_MAX:
            raise Unavailable("this server holds as many sockets as it may; try again")

    def add(self, socket: Socket) -> None:
        """Take care of a socket."""
        self._open[socket.connection_id] = socket

    def remove(self, socket: Socket) -> None:
        """Forget it, and that it held jobs."""
        self._open.pop(socket.connection_id, None)
        for job_id in socket.held:
            if self._holders.get(job_id) is socket:
                del self._holders[job_id]

    def hold(self, socket: Socket, job_id: str) -> None:
        """The worker on this socket holds a job."""
        self._holders[job_id] = socket

    def let_go(self, socket: Socket, job_id: str) -> None:
        """It does not hold it any more."""
        if self._holders.get(job_id) is socket:
            del self._holders[job_id]

    def replace(self, connection_ids: Iterable[str]) -> None:
        """These connections are not their workers' any more."""
        for connection_id in connection_ids:
            socket = self._open.get(connection_id)
            if socket is not None:
                socket.replaced()

    def _on_cancel(self, message: dict[str, Any]) -> None:
        for job_id in message["jobs"]:
            holder = self._holders.get(job_id)
            if holder is not None:
                holder.stop_job(job_id, message["reason"], message["at"])

    def _on_replaced(self, message: dict[str, Any]) -> None:
        self.replace(message["connections"])

    def _on_drain(self, message: dict[str, Any]) -> None:
        for connection_id in message["connections"]:
            socket = self._open.get(connection_id)
            if socket is not None:
                socket.drain()

    async def _watch_forever(self) -> None:
        tick = 0
        duties: tuple[tuple[int, Callable[[], Coroutine[Any, Any, None]]], ...] = (
            (1, self._tick_all),
            (WORK_TICKS, self._find_work),
            (ADMISSION_TICKS, self._end_what_is_not_admitted),
            (KEEP_TICKS, self._keep),
        )
        while True:
            await asyncio.sleep(TICK_SECONDS)
            tick += 1
            for ticks, duty in duties:
                try:
                    if self._open and tick % ticks == 0:
                        await duty()
                except Exception as error:  # the next tick tries again
                    logger.warning("sockets could not be looked after: %s", error)

    async def _tick_all(self) -> None:
        now = asyncio.get_running_loop().time()
        for socket in tuple(self._open.values()):
            socket.tick(now)

    async def _find_work(self) -> None:
        """Tell one worker of each kind, should a message have been lost."""
        idle: dict[Filter, Socket] = {}
        for socket in self._open.values():
            if socket.can_be_told():
                idle.setdefault(socket.key(), socket)
        for filters in _batches(tuple(idle)):
            for place in await hop(find_work, filters, now=clock.now()):
                socket = idle[filters[place]]
                if socket.can_be_told():
                    socket.tell()

    async def _end_what_is_not_admitted(self) -> None:
        keys = {socket.key_id for socket in self._open.values()}
        admitted = await hop(
            still_admitted, list(keys), Permission.JOB_CLAIM, now=clock.now()
        )
        for socket in tuple(self._open.values()):
            if socket.key_id in keys - admitted:
                socket.revoked()

    async def _keep(self) -> None:
        registered = [socket for socket in self._open.values() if socket.worker_row]
        for batch in _batches(registered):
            places = [(socket.worker_row, socket.connection_id) for socket in batch]
            kept = await hop(keep_sessions, places, now=clock.now())
            self.replace(c for _, c in places if c not in kept)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), BATCH):
        yield items[first : first + BATCH]


#: The sockets of this process; ``mobius.asgi`` starts and stops them.
sockets = Sockets()
