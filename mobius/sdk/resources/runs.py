"""Runs of workflows, automations and loops: ``client.runs``. A run is
``{id, status, created_at, updated_at, …}`` in the words of its definition; ``status``
is queued, running, suspended, completed, failed or cancelled."""

import time
from collections.abc import AsyncIterator, Callable, Iterator

from mobius.sdk.calls import Json
from mobius.sdk.resources import run_verbs as verbs
from mobius.sdk.resources.verbs import (
    AsyncResource,
    Resource,
    awaits,
    ayields,
    does,
    yields,
)
from mobius.sdk.streams import FINISHED, StreamEvent, read_event

Until = Callable[[StreamEvent], bool]


class Runs(Resource):
    """Runs of the project."""

    start = does(verbs.start)
    get = does(verbs.get)
    list = yields(verbs.list_all)
    cancel = does(verbs.cancel)
    retry = does(verbs.retry)
    signal = does(verbs.signal)
    resume_step = does(verbs.resume_step)
    steps = does(verbs.steps)
    diagnosis = does(verbs.diagnosis)

    def events(self, run_id: str, *, after: int = 0) -> Iterator[StreamEvent]:
        """Yield the events stored so far behind a sequence number, and stop."""
        while True:
            page = self._client.carry_out(verbs.events_page(run_id, after))
            yield from map(read_event, page["items"])
            after = page.get("next_sequence", after)
            if not page["has_more"]:
                return

    def watch(
        self,
        run_id: str,
        *,
        after: int | None = 0,
        until: Until | None = None,
        timeout: float | None = None,
    ) -> Iterator[StreamEvent]:
        """Yield a run's events as they come, from its first one or from behind
        ``after``, to the one that ends the run; see ``Client.stream``. With ``None``
        the stream of a workflow's run begins with where the run stands now.

        Raises:
            WaitTimedOut: it did not end within ``timeout`` seconds.
        """
        path = f"{verbs.path_of(run_id)}/events.stream"
        deadline = None if timeout is None else time.monotonic() + timeout
        return self._client.stream(path, after=after, until=until, deadline=deadline)

    def wait(self, run_id: str, *, timeout: float | None = None) -> Json:
        """Wait until a run is over; return it.

        Raises:
            WaitTimedOut: it did not end within ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (run := self.get(run_id))["status"] not in FINISHED:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            for _ in self.watch(run_id, after=0, timeout=left):
                pass
        return run


class AsyncRuns(AsyncResource):
    """Runs of the project; the methods do what those of ``Runs`` do."""

    start = awaits(verbs.start)
    get = awaits(verbs.get)
    list = ayields(verbs.list_all)
    cancel = awaits(verbs.cancel)
    retry = awaits(verbs.retry)
    signal = awaits(verbs.signal)
    resume_step = awaits(verbs.resume_step)
    steps = awaits(verbs.steps)
    diagnosis = awaits(verbs.diagnosis)

    async def events(
        self, run_id: str, *, after: int = 0
    ) -> AsyncIterator[StreamEvent]:
        """Yield the events stored so far behind a sequence number, and stop."""
        while True:
            page = await self._client.carry_out(verbs.events_page(run_id, after))
            for item in page["items"]:
                yield read_event(item)
            after = page.get("next_sequence", after)
            if not page["has_more"]:
                return

    def watch(
        self,
        run_id: str,
        *,
        after: int | None = 0,
        until: Until | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[StreamEvent]:
        """Yield a run's events as they come; see ``Runs.watch``."""
        path = f"{verbs.path_of(run_id)}/events.stream"
        deadline = None if timeout is None else time.monotonic() + timeout
        return self._client.stream(path, after=after, until=until, deadline=deadline)

    async def wait(self, run_id: str, *, timeout: float | None = None) -> Json:
        """Wait until a run is over; return it. See ``Runs.wait``."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (run := await self.get(run_id))["status"] not in FINISHED:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            async for _ in self.watch(run_id, after=0, timeout=left):
                pass
        return run
