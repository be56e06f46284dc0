"""Who waits for work on this process: held claims, and idle workers on sockets.

One new job wakes one claim; when no claim wants it, one idle worker is told that there
is work, and claims. A claim that no longer needs its wake hands it on.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from apps.jobs.services.claim import Claim
from apps.jobs.services.keep_sessions import Filter
from apps.realtime.subscription import Subscription

#: How often a process looks for itself, should every hint be lost.
POLL_SECONDS = 1.0

Found = TypeVar("Found")


class Waiter:
    """One held claim. ``gone`` is set when nobody would read its answer; ``leave`` is
    called when it is held no longer, before its wake is handed on."""

    __slots__ = ("claim", "gone", "hint", "leave", "woken")

    def __init__(
        self,
        claim: Claim,
        gone: asyncio.Event,
        leave: Callable[[], None] | None = None,
    ) -> None:
        self.claim = claim
        self.gone = gone
        self.leave = leave
        self.woken = asyncio.Event()
        self.hint: dict[str, Any] | None = None

    def key(self) -> Filter:
        """Return what it would take."""
        return self.claim.project_id, self.claim.queues, self.claim.actions

    def wants(self, hint: dict[str, Any]) -> bool:
        """Say whether it would take this job."""
        return matches(self.key(), hint)


def matches(key: Filter, hint: dict[str, Any]) -> bool:
    """Say whether a job of the filter's project passes it."""
    _, queues, actions = key
    return (not queues or hint["queue"] in queues) and (
        not actions or hint["action"] in actions
    )


class Idle(Protocol):
    """A worker that can be told of work; ``nudge`` does, and says False when the
    worker has no room, or a claim open, or was told already."""

    def key(self) -> Filter:
        """Return what it would take."""

    def nudge(self) -> bool:
        """Tell it that there is work."""


class Waiters:
    """All held claims of this process, and all workers on its sockets, each kind in
    the order of how long it has waited."""

    def __init__(self) -> None:
        self._by_project: dict[str, deque[Waiter]] = {}
        self._idle: dict[str, dict[Idle, None]] = {}
        self._poll: asyncio.Task[None] | None = None

    def start(self, subscription: Subscription) -> None:
        """Begin to listen for new jobs, on the running loop."""
        subscription.listen("job", self.on_job)
        self._poll = asyncio.get_running_loop().create_task(self._poll_forever())

    async def stop(self) -> None:
        """Stop listening."""
        if self._poll is not None:
            self._poll.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poll

    def count(self) -> int:
        """Return how many claims are held."""
        return sum(len(queue) for queue in self._by_project.values())

    async def hold(
        self,
        waiter: Waiter,
        look: Callable[[], Awaitable[Found | None]],
        seconds: float,
    ) -> Found | None:
        """Hold a claim: ``look`` at once and at each wake, until something is found,
        the time is over, or nobody waits any more."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        self._by_project.setdefault(waiter.claim.project_id, deque()).append(waiter)
        waiter.woken.set()
        gone = asyncio.ensure_future(waiter.gone.wait())
        try:
            while not waiter.gone.is_set():
                if await _woken(waiter, gone, deadline - loop.time()):
                    polled = waiter.hint is None
                    waiter.woken.clear()
                    waiter.hint = None
                    found = await look()
                    if found:
                        if polled:
                            self._wake_like(waiter)
                        return found
                if loop.time() >= deadline:
                    return None
            return None
        finally:
            gone.cancel()
            self._remove(waiter)

    def add_idle(self, idle: Idle) -> None:
        """Put a worker at the end of those that can be told of work."""
        workers = self._idle.setdefault(idle.key()[0], {})
        workers.pop(idle, None)
        workers[idle] = None

    def remove_idle(self, idle: Idle) -> None:
        """Tell this worker of nothing more."""
        project_id = idle.key()[0]
        workers = self._idle.get(project_id, {})
        workers.pop(idle, None)
        if not workers:
            self._idle.pop(project_id, None)

    def on_job(self, message: dict[str, Any]) -> None:
        """A job was enqueued somewhere; wake one claim when it is due."""
        delay = message.get("in_seconds") or 0
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.wake_one, message)
        else:
            self.wake_one(message)

    def wake_one(self, hint: dict[str, Any]) -> None:
        """Wake the longest waiting claim that wants this job, or tell a worker."""
        for waiter in self._by_project.get(hint["project_id"], ()):
            if not waiter.woken.is_set() and waiter.wants(hint):
                waiter.hint = hint
                waiter.woken.set()
                return
        for idle in self._idle.get(hint["project_id"], ()):
            if matches(idle.key(), hint) and idle.nudge():
                return

    def _remove(self, waiter: Waiter) -> None:
        queue = self._by_project[waiter.claim.project_id]
        queue.remove(waiter)
        if not queue:
            del self._by_project[waiter.claim.project_id]
        if waiter.leave is not None:
            waiter.leave()
        if waiter.woken.is_set() and waiter.hint is not None:
            self.wake_one(waiter.hint)

    def _wake_like(self, other: Waiter) -> None:
        """Wake one more claim with the same filter: there may be more work."""
        for waiter in self._by_project.get(other.claim.project_id, ()):
            if not waiter.woken.is_set() and waiter.key() == other.key():
                waiter.woken.set()
                return

    async def _poll_forever(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            seen: set[Filter] = set()
            for queue in self._by_project.values():
                for waiter in queue:
                    if waiter.key() not in seen:
                        seen.add(waiter.key())
                        waiter.woken.set()


async def _woken(
    waiter: Waiter, gone: "asyncio.Future[Any]", timeout_seconds: float
) -> bool:
    if not waiter.woken.is_set() and timeout_seconds > 0:
        woken = asyncio.ensure_future(waiter.woken.wait())
        try:
            await asyncio.wait(
                {woken, gone},
                timeout=timeout_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            woken.cancel()
    return waiter.woken.is_set() and not gone.done()


#: Those who wait on this process; ``mobius.asgi`` starts and stops it.
waiters = Waiters()
