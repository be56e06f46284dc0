"""Who runs actions: one thread beside a Celery process's tasks, with an event loop.

Tasks only wake it, so that no endpoint, however slow, holds up the dispatcher, which
shares those processes. While it runs something it looks once a second whether that is
still its own and still wanted; when nothing is left for a while it ends, and the next
word starts it again. A process that dies leaves its jobs to the rescue of all jobs.
"""

import asyncio
import logging
import os
import platform
import uuid
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import DatabaseError, connections

from apps.actions.calls import CANCELLED, Call, Outcome, failed
from apps.actions.services.finish_job import finish_job
from apps.actions.services.prepare_job import Prepared, fault, prepare_job
from apps.jobs.services.claim_for_server import (
    ServerJob,
    claim_for_server,
    extend_server_jobs,
    watch_server_jobs,
)
from apps.kernel import clock, tracing
from apps.kernel.errors import Conflict, NotFound
from apps.realtime.bridge import refresh_connections
from apps.realtime.threads import Threads

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
#: How long it stays, and keeps its database connection, with nothing to do.
LINGER_SECONDS: Final = 10.0
#: Of all places, one in so many is what one endpoint gets.
SHARE: Final = 4

Answer = TypeVar("Answer")


class Executor:
    """The actions under way in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: Thread | None = None
        self._starting = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there is work; start a thread if none listens."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._woken.set)
            elif not self._starting:
                self._starting = True
                self._thread = Thread(
                    target=self._run, name="mobius-actions", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            logger.exception("the actions of this process end; leases will run out")

    async def _serve(self) -> None:
        with self._lock:
            self._starting = False
            self._loop = asyncio.get_running_loop()
            self._woken = asyncio.Event()
            self._woken.set()
        database = Threads(1, "mobius-actions-db", connections.close_all)
        shift = _Shift(database, self._woken)
        watching = asyncio.create_task(shift.watch())
        try:
            while await self._is_wanted(shift):
                await shift.take()
        finally:
            watching.cancel()
            with self._lock:
                if self._loop is asyncio.get_running_loop():
                    self._loop = None
            database.stop()

    async def _is_wanted(self, shift: "_Shift") -> bool:
        """Wait for a word; return False when it is time to go."""
        try:
            limit = None if shift.running else LINGER_SECONDS
            await asyncio.wait_for(self._woken.wait(), limit)
        except TimeoutError:
            with self._lock:
                if not self._woken.is_set():
                    self._loop = None  # from here on a word starts another thread
                    return False
        self._woken.clear()
        return True


class _Shift:
    """What one thread runs, from its start to its end."""

    def __init__(self, database: Threads, woken: asyncio.Event) -> None:
        self._database = database
        self._woken = woken
        self._calls: dict[str, asyncio.Task[Outcome]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.running: dict[str, ServerJob] = {}
        self.name = f"server:{platform.node()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    async def ask(
        self, call: Callable[..., Answer], *args: Any, **kwargs: Any
    ) -> Answer:
        """Run ``call`` on the thread that has the database connection."""

        def work() -> Answer:
            refresh_connections()
            return call(*args, **kwargs)

        run = partial(copy_context().run, work)
        answer: Answer = await self._database.run(run)
        return answer

    async def take(self) -> None:
        """Claim as much as there are places for, and begin with it."""
        places = max(1, settings.ACTION_CONCURRENCY)
        free = places - len(self.running)
        if free <= 0:
            return
        busy = Counter((j.project_id, j.endpoint) for j in self.running.values())
        limits = {"free": free, "cap": max(1, places // SHARE), "now": clock.now()}
        try:
            taken = await self.ask(claim_for_server, self.name, busy, **limits)
        except DatabaseError as error:
            logger.warning("no actions claimed, the clock will come back: %s", error)
            return
        for job in taken:
            self.running[job.id] = job
            task = asyncio.create_task(self._perform(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def watch(self) -> None:
        """Keep leases, and stop what is not wanted or not ours any more."""
        loop = asyncio.get_running_loop()
        extended = loop.time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            ids = list(self.running)
            due = loop.time() - extended >= settings.HEARTBEAT.total_seconds()
            try:
                if ids:
                    await self._look(ids)
                if ids and due:
                    await self.ask(extend_server_jobs, self.name, ids, now=clock.now())
            except DatabaseError as error:
                logger.warning("leases not looked after: %s", error)
                continue
            if due:
                extended = loop.time()

    async def _look(self, ids: list[str]) -> None:
        held = await self.ask(watch_server_jobs, self.name, ids)
        for job_id in ids:
            call = self._calls.get(job_id)
            if call is not None and held.get(job_id, True):
                call.cancel()

    async def _perform(self, job: ServerJob) -> None:
        """Run one job from preparation to report, whatever happens on the way."""
        try:
            with tracing.within(job.traceparent):
                prepared = await self.ask(prepare_job, job, now=clock.now())
                if prepared is not None:
                    outcome = await self._outcome(job, prepared)
                    await self._report(job, prepared.call, outcome)
        except Exception:
            logger.exception("job %s was not reported, its lease will run out", job.id)
        finally:
            del self.running[job.id]
            self._woken.set()

    async def _outcome(self, job: ServerJob, prepared: Prepared) -> Outcome:
        if isinstance(prepared.ready, Outcome):
            return prepared.ready
        call = self._calls[job.id] = asyncio.create_task(prepared.ready())
        try:
            await asyncio.wait({call})
        finally:
            del self._calls[job.id]
        if call.cancelled():
            return failed(CANCELLED, "it is not wanted any more")
        error = call.exception()
        if error is not None:
            logger.error("action %s of job %s", job.action, job.id, exc_info=error)
            return fault(error)
        return call.result()

    async def _report(self, job: ServerJob, call: Call, outcome: Outcome) -> None:
        """Report; while PostgreSQL is away, again and again for as long as a lease."""
        loop = asyncio.get_running_loop()
        until = loop.time() + settings.LEASE.total_seconds()
        while True:
            try:
                await self.ask(finish_job, job, call, outcome, now=clock.now())
                return
            except (Conflict, NotFound) as error:
                logger.info("job %s is another's by now: %s", job.id, error.message)
                return
            except DatabaseError as error:
                if loop.time() > until:
                    raise
                logger.warning("job %s not reported yet: %s", job.id, error)
                await asyncio.sleep(LOOK_SECONDS)


#: The executor of this process.
executor = Executor()
