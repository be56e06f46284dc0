"""What a worker does all day: claim while there is room, call, beat, report; and how it
ends. One event loop, one task per job."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Final

from mobius.sdk.calls import RETRIED_STATUSES, delay_before
from mobius.sdk.errors import ApiError, ConnectionFailed, MobiusError
from mobius.sdk.working.actions import Actions, Running
from mobius.sdk.working.jobs import FATAL, Job, Outcome, failure
from mobius.sdk.working.transport import Transport, Word

logger = logging.getLogger("mobius.sdk.worker")

TROUBLE_SECONDS_MAX: Final = 10.0
#: After a heartbeat that got no answer the next is sent sooner.
BEAT_AGAIN_SECONDS: Final = 2.0
#: For what was asked to stop to stop, and for giving its job back.
GIVE_BACK_SECONDS: Final = 5.0


class _Held:
    """A job in hand: its task, its function once it runs, and what became of it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.task: asyncio.Task[None]
        self.running: Running | None = None
        self.is_stopped = False
        self.is_lost = False
        self.gives_back = False

    def stop(self) -> None:
        self.is_stopped = True
        if self.running is not None:
            self.running.stop()


class WorkLoop:
    """Works until it is told to stop, or the server does not let it in."""

    def __init__(
        self,
        actions: Actions,
        transport: Transport,
        *,
        concurrency: int,
        grace: float,
    ) -> None:
        self._actions = actions
        self._transport = transport
        self._concurrency = concurrency
        self._grace = grace
        self._held: dict[str, _Held] = {}
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()

    # --- What is asked of it from outside ---------------------------------------

    def stop(self) -> None:
        """Claim nothing more; finish what is in hand within the time of grace."""
        self._stopping.set()
        self._changed.set()

    def free(self) -> int:
        """Return for how many jobs there is room."""
        return 0 if self._stopping.is_set() else self._concurrency - len(self._held)

    def cancel(self, job_id: str) -> None:
        """The run of a job was cancelled: its function is asked to stop."""
        if held := self._held.get(job_id):
            held.stop()

    def lose(self, job_id: str) -> None:
        """A job is not ours any more: its function is asked to stop, and what it
        brings is dropped."""
        if held := self._held.get(job_id):
            held.is_lost = True
            held.stop()

    def drain(self) -> None:
        """The server wants this worker to end."""
        self.stop()

    # --- Life -------------------------------------------------------------------

    async def run(self) -> None:
        """Work.

        Raises:
            MobiusError: the server does not let this worker in (any more).
        """
        try:
            await self._transport.open(self)
            await self._claim_until_stopped()
            await self._transport.leave()
            await self._finish()
        finally:
            await self._abandon()
            await self._transport.close()

    async def _claim_until_stopped(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            if not self.free():
                self._changed.clear()
                await self._changed.wait()
                continue
            try:
                for job in await self._claim():
                    self._begin(job)
                tries = 0
            except (ConnectionFailed, ApiError) as error:
                if isinstance(error, ApiError) and not _passes(error):
                    raise
                tries += 1
                logger.warning("no job was claimed: %s", error)
                wanted = delay_before(tries, getattr(error, "retry_after", None))
                await self._pause(min(wanted, TROUBLE_SECONDS_MAX))

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _claim(self) -> list[Job]:
        """Claim; a stop ends the wait. Jobs that came at that moment count."""
        claim = asyncio.ensure_future(self._transport.claim(self.free()))
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait([claim, stop], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            if not claim.done():
                claim.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return await claim
        return []

    async def _finish(self) -> None:
        tasks = [held.task for held in self._held.values()]
        if not tasks:
            return
        logger.info("finishing %d job(s)", len(tasks))
        _, late = await asyncio.wait(tasks, timeout=self._grace)
        if late:
            for held in self._held.values():
                held.gives_back = True
                held.stop()
            await asyncio.wait(late, timeout=GIVE_BACK_SECONDS)

    async def _abandon(self) -> None:
        """Leave what is still in hand to the end of its lease."""
        left = list(self._held.values())
        for held in left:
            logger.warning("job %s was not finished", held.job.id)
            held.stop()
            held.task.cancel()
        await asyncio.gather(*(held.task for held in left), return_exceptions=True)

    # --- One job ----------------------------------------------------------------

    def _begin(self, job: Job) -> None:
        held = self._held[job.id] = _Held(job)
        held.task = asyncio.get_running_loop().create_task(self._work(held))

    async def _work(self, held: _Held) -> None:
        beat = asyncio.get_running_loop().create_task(self._beat(held))
        try:
            outcome = await self._call(held)
            if held.is_lost:
                logger.warning("job %s is not ours any more; dropped", held.job.id)
            elif held.gives_back and outcome.status == "cancelled":
                await self._transport.hand_back(held.job)
            else:
                await self._transport.report(held.job, outcome)
        except MobiusError as error:
            logger.error("job %s could not be reported: %s", held.job.id, error)
        except Exception:
            logger.exception("job %s is left to the end of its lease", held.job.id)
        finally:
            beat.cancel()
            self._held.pop(held.job.id, None)
            self._changed.set()

    async def _call(self, held: _Held) -> Outcome:
        job = held.job
        function = self._actions.find(job.action)
        if function is None:
            return failure("ActionNotRegistered", f"{job.action} is not served here")

        async def emit(type_: str, payload: Mapping[str, Any]) -> bool:
            return await self._transport.emit(job, type_, payload)

        held.running = Running(function, job, emit)
        if held.is_stopped:
            held.running.stop()
        outcome = await held.running.outcome()
        if outcome.status == "failed":
            log = logger.error if outcome.error_type == FATAL else logger.warning
            said = f"{outcome.error_type}: {outcome.error_message}"
            log("job %s (%s) failed: %s", job.id, job.action, said)
        return outcome

    async def _beat(self, held: _Held) -> None:
        interval = held.job.heartbeat_seconds
        wait = interval
        while True:
            await asyncio.sleep(wait)
            try:
                word = await self._transport.heartbeat(held.job)
            except MobiusError as error:
                logger.warning("job %s: no heartbeat: %s", held.job.id, error)
                wait = min(interval, BEAT_AGAIN_SECONDS)
                continue
            wait = interval
            if word is Word.CANCEL:
                held.stop()
            elif word is Word.LOST:
                self.lose(held.job.id)
                return


def _passes(error: ApiError) -> bool:
    """Say whether the same claim may succeed later."""
    return error.status in RETRIED_STATUSES
