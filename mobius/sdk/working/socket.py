"""The worker protocol over a WebSocket: one connection that is made again whenever it
is lost, with the session's token, and reports that are sent until they are
acknowledged."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from mobius.sdk.async_client import AsyncClient
from mobius.sdk.calls import RETRIED_STATUSES
from mobius.sdk.errors import ConnectionFailed, MobiusError
from mobius.sdk.working import frames
from mobius.sdk.working.frames import Frame
from mobius.sdk.working.http import complete, emit
from mobius.sdk.working.jobs import OVER_CAPACITY, Job, Outcome, failure
from mobius.sdk.working.transport import Hands, Identity, Word

logger = logging.getLogger("mobius.sdk.worker")

OPEN_SECONDS: Final = 15.0
REGISTER_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 10.0
#: Servers answer a claim well before.
CLAIM_SECONDS: Final = 60.0
RESEND_SECONDS: Final = 10.0
#: An empty answer that came sooner was no long poll: wait for word, or a second.
QUICK_SECONDS: Final = 0.5
RECONNECT_SECONDS_MAX: Final = 10.0
#: A session that lasted so long was a good one: the next begins almost at once.
SETTLED_SECONDS: Final = 5.0
FRAME_BYTES_MAX: Final = 2 * 1024 * 1024
#: A longer report could be more than the server reads in one frame.
REPORT_CHARS_MAX: Final = 256 * 1024


@dataclass(slots=True)
class _Unacknowledged:
    job: Job
    outcome: Outcome
    done: asyncio.Future[None]


class SocketTransport:
    """One worker's socket, from ``open`` to ``close``."""

    def __init__(self, client: AsyncClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity
        self._hands: Hands
        self._task: asyncio.Task[None]
        self._connection: ClientConnection | None = None
        self._registered = asyncio.Event()
        self._work_there = asyncio.Event()
        self._token = ""
        self._leaving = False
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._reports: dict[str, _Unacknowledged] = {}

    async def open(self, hands: Hands) -> None:
        """Connect and register; go on doing so until ``close``."""
        self._hands = hands
        self._task = asyncio.get_running_loop().create_task(self._stay_connected())
        await self._until_registered()

    async def claim(self, slots: int) -> list[Job]:
        """Hold a claim until there are jobs, or for as long as the server holds it."""
        await self._until_registered()
        self._work_there.clear()
        begun = time.monotonic()
        claim = frames.claim(slots)
        answer = self._expect(claim)
        try:
            jobs = frames.read_jobs(await self._ask(claim, answer, CLAIM_SECONDS))
        except ConnectionFailed:
            return []
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and not answer.exception():
                await self._decline(answer.result())
            raise
        if not jobs and time.monotonic() - begun < QUICK_SECONDS:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * QUICK_SECONDS):
                    await self._work_there.wait()
        return jobs

    async def heartbeat(self, job: Job) -> Word:
        """Keep the lease; the acknowledgement says whether to stop."""
        beat = frames.beat(job)
        answer = await self._ask(beat, self._expect(beat), ANSWER_SECONDS)
        return frames.read_beat(answer)

    async def report(self, job: Job, outcome: Outcome) -> None:
        """Report until it is acknowledged, over as many connections as it takes."""
        if len(frames.write(frames.report(job, outcome))) > REPORT_CHARS_MAX:
            await complete(self._client, job, outcome)
            outcome = Outcome("completed")  # the socket lets go of the job with this
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reports[job.id] = _Unacknowledged(job, outcome, done)
        try:
            while not done.done():
                if self._task.done():
                    raise ConnectionFailed(f"job {job.id} could not be reported")
                with contextlib.suppress(ConnectionFailed):
                    await self._send_report(job.id)
                await _first_of(done, self._task, seconds=RESEND_SECONDS)
        finally:
            del self._reports[job.id]

    async def emit(self, job: Job, type_: str, payload: Mapping[str, Any]) -> bool:
        """Put an event on the timeline, over HTTP."""
        return await emit(self._client, job, type_, payload)

    async def hand_back(self, job: Job) -> None:
        """Give the job back as it was: no attempt is counted."""
        await self.report(job, _given_back())

    async def leave(self) -> None:
        """Say that nothing more will be claimed."""
        self._leaving = True
        with contextlib.suppress(ConnectionFailed):
            await self._send(frames.draining())

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, MobiusError):
            await self._task

    # --- One connection after the other -----------------------------------------

    async def _until_registered(self) -> None:
        """Wait for a session.

        Raises:
            MobiusError: the server does not let this worker in.
        """
        waiting = asyncio.ensure_future(self._registered.wait())
        try:
            await _first_of(waiting, self._task)
        finally:
            waiting.cancel()
        if self._task.done():
            self._task.result()

    async def _stay_connected(self) -> None:
        tries = 0
        while True:
            begun = time.monotonic()
            try:
                await self._one_connection()
            except InvalidStatus as refused:
                error = frames.refusal(refused)
                if error.status not in RETRIED_STATUSES:
                    raise error from refused
                logger.warning("the worker socket was refused: %s", error)
            except (OSError, WebSocketException, ConnectionFailed) as lost:
                logger.warning("the worker socket was lost: %s", lost or repr(lost))
            finally:
                self._lost()
            tries = 0 if time.monotonic() - begun > SETTLED_SECONDS else tries + 1
            wait = min(RECONNECT_SECONDS_MAX, 0.1 * 2.0 ** min(tries, 10))
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - a delay

    async def _one_connection(self) -> None:
        access = self._client.access
        async with connect(
            access.url("workers/socket").replace("http", "ws", 1),
            additional_headers={"Authorization": access.headers["Authorization"]},
            user_agent_header=access.headers["User-Agent"],
            compression=None,
            max_size=FRAME_BYTES_MAX,
            open_timeout=OPEN_SECONDS,
        ) as connection:
            await self._register(connection)
            async for raw in connection:
                await self._take(frames.read(raw))

    async def _register(self, connection: ClientConnection) -> None:
        hello = frames.register(self._identity, self._hands.free(), self._token)
        await connection.send(frames.write(hello))
        async with asyncio.timeout(REGISTER_SECONDS):
            while True:
                frame = frames.read(await connection.recv())
                if frame.get("type") == "worker.registered":
                    break
                frames.raise_if_final(frame)
        self._token = frame["worker_session_token"]
        self._connection = connection
        if self._leaving:
            await self._send(frames.draining())
        for job_id in list(self._reports):
            await self._send_report(job_id)
        self._registered.set()

    def _lost(self) -> None:
        self._connection = None
        self._registered.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionFailed("the worker socket was lost"))
        self._answers.clear()

    # --- Frames -----------------------------------------------------------------

    async def _take(self, frame: Frame) -> None:
        frames.raise_if_final(frame)
        answer = self._answers.pop(str(frame.get("message_id")), None)
        job_id = str(frame.get("job_id"))
        match frame.get("type"):
            case "job.report.ack":
                known = self._reports.get(job_id)
                if known is not None and not known.done.done():
                    known.done.set_result(None)
            case "job.cancel" if frame.get("reason") == frames.LEASE_LOST:
                self._hands.lose(job_id)
            case "job.cancel":
                self._hands.cancel(job_id)
            case "work.available":
                self._work_there.set()
            case "worker.drain":
                self._hands.drain()
            case "jobs.claimed" if answer is None or answer.done():
                await self._decline(frame)
            case "error" if answer is None:
                logger.info("the server says: %s (%s)", *frames.error_of(frame))
            case _:
                if answer is not None and not answer.done():
                    answer.set_result(frame)

    async def _decline(self, frame: Frame) -> None:
        """Give back the jobs of a claim that nobody waits for any more."""
        for job in frames.read_jobs(frame):
            with contextlib.suppress(ConnectionFailed):
                await self._send(frames.report(job, _given_back()))

    def _expect(self, frame: Frame) -> "asyncio.Future[Frame]":
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[frame["message_id"]] = answer
        return answer

    async def _ask(
        self, frame: Frame, answer: "asyncio.Future[Frame]", seconds: float
    ) -> Frame:
        """Send a frame and return its answer.

        Raises:
            ConnectionFailed: none came in time.
        """
        try:
            await self._send(frame)
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as late:
            raise ConnectionFailed("the worker socket did not answer") from late

    async def _send(self, frame: Frame) -> None:
        if self._connection is None:
            raise ConnectionFailed("there is no worker socket at the moment")
        try:
            await self._connection.send(frames.write(frame))
        except ConnectionClosed as closed:
            raise ConnectionFailed("the worker socket was lost") from closed

    async def _send_report(self, job_id: str) -> None:
        one = self._reports[job_id]
        if not one.done.done():
            await self._send(frames.report(one.job, one.outcome))


def _given_back() -> Outcome:
    return failure(OVER_CAPACITY, "the worker stops")


async def _first_of(
    *futures: "asyncio.Future[Any]", seconds: float | None = None
) -> None:
    """Wait until one of these is done, or so long."""
    first = asyncio.FIRST_COMPLETED
    await asyncio.wait(futures, timeout=seconds, return_when=first)
