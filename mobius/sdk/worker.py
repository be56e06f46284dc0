"""Workers: programs that carry out the actions of runs.

    worker = Worker(client, queues=["default"], concurrency=4)

    @worker.action("doc.parse")
    def parse(parameters, context):
        for page in read(parameters["doc_url"]):
            context.check()  # raises JobCancelled when the run was cancelled
            context.emit("progress", {"page": page.number})
        return {"pages": page.number}

    worker.run()  # until SIGTERM, SIGINT or worker.stop()

A function gets the parameters, and a context if it takes a second argument. What it
returns (JSON) is the result. An exception fails the attempt, and the step's retry rules
decide whether there is another; after ``PermanentFailure`` there is none. A job may be
carried out more than once: when a worker dies, another gets it.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

from mobius.sdk.async_client import AsyncClient
from mobius.sdk.client import Client
from mobius.sdk.errors import ConfigurationError
from mobius.sdk.working.actions import Actions, F, Function
from mobius.sdk.working.http import HttpTransport
from mobius.sdk.working.loop import WorkLoop
from mobius.sdk.working.transport import Identity, Transport

TransportName = Literal["http", "socket"]
_TRANSPORTS: Final = ("http", "socket")
CONCURRENCY_MAX: Final = 10_000


class _Worker:
    """What both workers have: functions, an identity, an end."""

    def __init__(
        self,
        queues: Sequence[str],
        name: str | None,
        concurrency: int,
        actions: Mapping[str, Function] | None,
        transport: str,
        grace: float,
        worker_id: str | None,
    ) -> None:
        if isinstance(queues, str) or not all(isinstance(one, str) for one in queues):
            raise ConfigurationError("queues: expected a list of names")
        if not 1 <= concurrency <= CONCURRENCY_MAX:
            raise ConfigurationError(
                f"concurrency: expected 1 to {CONCURRENCY_MAX}, got {concurrency}"
            )
        if transport not in _TRANSPORTS:
            raise ConfigurationError(f"transport: expected {' or '.join(_TRANSPORTS)}")
        self.queues = tuple(queues)
        self.name = name or f"{socket.gethostname()}-{os.getpid()}"
        # Two processes with one id would take each other's jobs for their own.
        self.worker_id = worker_id or f"{self.name[:80]}-{uuid.uuid4().hex[:12]}"
        self.concurrency = concurrency
        self.grace = grace
        self._transport = transport
        self._actions = Actions(actions)
        self._work: WorkLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked_to_stop = threading.Event()

    def action(self, name: str) -> Callable[[F], F]:
        """Return a decorator that makes a function serve an action."""

        def register(function: F) -> F:
            self._actions.add(name, function)
            return function

        return register

    def stop(self) -> None:
        """Claim nothing more, finish what is in hand within ``grace`` seconds, give
        back what is not finished then, and end. For any thread."""
        self._asked_to_stop.set()
        if self._loop is not None and self._work is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._work.stop)

    async def _run(self, client: AsyncClient, handle_signals: bool) -> None:
        if not self._actions.names:
            raise ConfigurationError("actions: this worker serves none")
        identity = Identity(
            self.worker_id,
            self.name,
            self.queues,
            tuple(self._actions.names),
            self.concurrency,
        )
        self._loop = asyncio.get_running_loop()
        work = WorkLoop(
            self._actions,
            _transport(self._transport, client, identity),
            concurrency=self.concurrency,
            grace=self.grace,
        )
        self._work = work
        if self._asked_to_stop.is_set():
            return
        try:
            with _stopped_by_signals(self._loop, work.stop, handle_signals):
                await work.run()
        finally:
            self._work = self._loop = None


class Worker(_Worker):
    """Carries out actions with plain functions, each job on a thread of its own, over
    HTTP long polls unless ``transport`` is ``socket``. Coroutine functions are awaited.

    ``queues`` empty: any. ``grace`` is in seconds. ``worker_id`` is what leases are
    bound to; give one only if no other process has it.
    """

    def __init__(
        self,
        client: Client,
        queues: Sequence[str] = ("default",),
        *,
        name: str | None = None,
        concurrency: int = 1,
        actions: Mapping[str, Function] | None = None,
        transport: TransportName = "http",
        grace: float = 30.0,
        worker_id: str | None = None,
    ) -> None:
        super().__init__(
            queues, name, concurrency, actions, transport, grace, worker_id
        )
        self._client = client

    def run(self, *, handle_signals: bool = True) -> None:
        """Work until ``stop``, or SIGTERM or SIGINT if this is the main thread; a
        second signal ends at once.

        Raises:
            MobiusError: the server does not let this worker in.
        """
        asyncio.run(self._with_client(handle_signals))

    async def _with_client(self, handle_signals: bool) -> None:
        known = self._client
        async with AsyncClient(
            known.base_url,
            known.access.api_key,
            known.project,
            timeout=known.timeout,
            retries=known.retries,
        ) as client:
            await self._run(client, handle_signals)


class AsyncWorker(_Worker):
    """Carries out actions with coroutine functions, over a WebSocket unless
    ``transport`` is ``http``. Plain functions run on threads. Arguments as ``Worker``.
    """

    def __init__(
        self,
        client: AsyncClient,
        queues: Sequence[str] = ("default",),
        *,
        name: str | None = None,
        concurrency: int = 1,
        actions: Mapping[str, Function] | None = None,
        transport: TransportName = "socket",
        grace: float = 30.0,
        worker_id: str | None = None,
    ) -> None:
        super().__init__(
            queues, name, concurrency, actions, transport, grace, worker_id
        )
        self._client = client

    async def run(self, *, handle_signals: bool = True) -> None:
        """Work until ``stop``, or a signal; see ``Worker.run``."""
        await self._run(self._client, handle_signals)


def _transport(name: str, client: AsyncClient, identity: Identity) -> Transport:
    if name == "http":
        return HttpTransport(client, identity)
    # Only who needs it waits for the import of WebSockets.
    from mobius.sdk.working.socket import SocketTransport

    return SocketTransport(client, identity)


@contextlib.contextmanager
def _stopped_by_signals(
    loop: asyncio.AbstractEventLoop, stop: Callable[[], None], wanted: bool
) -> Iterator[None]:
    """Have the first SIGTERM or SIGINT stop gently; the next does what it always
    does."""
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}

    def first() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
        stop()

    try:
        for number in numbers:
            loop.add_signal_handler(number, first)
    except (NotImplementedError, RuntimeError):  # a loop without signals
        yield
        return
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
