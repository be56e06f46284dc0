"""How a worker on a socket comes by jobs: its open claim, or the word that there is
work."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from django.conf import settings

from apps.jobs import frames
from apps.jobs.services.claim import Claim
from apps.jobs.services.claim_over_socket import give_back_all
from apps.jobs.services.keep_sessions import Filter
from apps.jobs.services.open_session import Registration
from apps.jobs.socket_calls import Calls, Job
from apps.jobs.socket_hands import Hands, Reply
from apps.jobs.waiting import Waiter, waiters
from apps.kernel.errors import Conflict, Invalid
from apps.realtime.bridge import hop_until_answered
from apps.realtime.websocket import Channel

#: No claim is held for longer, as clients give up on one that is not answered.
HOLD_SECONDS_MAX: Final = 20.0

#: A task that nobody else remembers may vanish before it is done.
_held: set["asyncio.Task[None]"] = set()


def hold_seconds() -> float:
    """Return how long a claim is held: at most the time between two heartbeats."""
    return min(HOLD_SECONDS_MAX, settings.HEARTBEAT.total_seconds())


class Claims:
    """The room a worker has, and its claim while one is open. One of the idle workers
    of the process."""

    __slots__ = (
        *("_calls", "_channel", "_claim", "_failed", "_free", "_hands", "_limit"),
        *("_place", "_told", "_waiter", "leaving"),
    )

    def __init__(
        self,
        project_id: str,
        registration: Registration,
        place: tuple[str, str],
        channel: Channel,
        calls: Calls,
        hands: Hands,
        failed: Callable[[Exception, Reply], None],
    ) -> None:
        self._claim = Claim(
            project_id,
            registration.worker_id,
            registration.queues,
            registration.actions,
        )
        self._limit = registration.concurrency_limit
        self._free = 0
        self._place = place
        self._channel = channel
        self._calls = calls
        self._hands = hands
        self._failed = failed
        self._waiter: Waiter | None = None
        self._told = False
        #: Nothing more is claimed: the worker drains, or the server stops.
        self.leaving = False

    def key(self) -> Filter:
        """Return what the worker would take."""
        return self._claim.project_id, self._claim.queues, self._claim.actions

    def can_be_told(self) -> bool:
        """Say whether the worker has room and no claim open."""
        return self._waiter is None and self._free > 0 and not self.leaving

    def tell(self) -> None:
        """Tell the worker that there is work, so that it claims."""
        self._told = True
        self._channel.write({"type": "work.available"})

    def nudge(self) -> bool:
        """Tell it of a new job, if it can take one and was not told before."""
        if self._told or not self.can_be_told():
            return False
        self.tell()
        return True

    def has_room(self, slots: int) -> None:
        """The worker says how many jobs it would take more."""
        self._free = min(slots, self._limit)
        waiters.add_idle(self)

    def freed(self) -> None:
        """A job left the worker's hands."""
        self._free = min(self._free + 1, self._limit)

    def leave(self) -> None:
        """Claim nothing more. A claim that is open stays without an answer, as long
        as it would have been held."""
        self.leaving = True
        if self._waiter is not None:
            self._waiter.gone.set()

    def end(self) -> None:
        """The socket has ended: nobody is here any more."""
        self.leave()
        waiters.remove_idle(self)

    def ready(self, frame: Mapping[str, Any]) -> None:
        """Take note of what the worker would take from now on.

        Raises:
            Invalid: names every field that is wrong.
        """
        self._wish(frames.read_wish(frame))

    def claim(self, frame: Mapping[str, Any], reply: Reply) -> None:
        """Open a claim. It is answered in any case: old clients that do not get their
        ``jobs.claimed`` never claim again."""
        self._told = False
        try:
            wish = frames.read_wish(frame)
            if self._waiter is not None:
                raise Conflict("there is an open claim", code="claim_outstanding")
        except (Invalid, Conflict) as error:
            self._failed(error, reply)
            reply(frames.claimed([]))
            return
        self._wish(wish)
        if self.leaving:
            self._answer_late(reply)
        elif not self._free:
            reply(frames.claimed([]))
        else:
            waiter = Waiter(self._claim, asyncio.Event(), self._over)
            self._waiter = waiter
            task = asyncio.get_running_loop().create_task(self._hold(waiter, reply))
            _held.add(task)
            task.add_done_callback(_held.discard)

    def _wish(self, wish: frames.Wish) -> None:
        """Take what a frame says over what the worker said before."""
        old = self._claim
        queues = old.queues if wish.queues is None else wish.queues
        actions = old.actions if wish.actions is None else wish.actions
        self._claim = Claim(old.project_id, old.worker_id, queues, actions)
        free = self._limit - len(self._hands.held)
        self.has_room(max(0, free) if wish.slots is None else wish.slots)

    async def _hold(self, waiter: Waiter, reply: Reply) -> None:
        look = partial(self._look, waiter)
        try:
            jobs = await waiters.hold(waiter, look, hold_seconds())
        except Exception as error:
            self._failed(error, reply)
            self._answer_late(reply)
            return
        if jobs and not self._channel.is_open:
            # Nobody reads the answer: the next worker need not wait for a lease to end.
            await hop_until_answered(give_back_all, waiter.claim, jobs)
        elif jobs or not self.leaving:
            reply(frames.claimed(jobs or []))
        else:
            self._answer_late(reply)

    async def _look(self, waiter: Waiter) -> list[Job]:
        jobs = await hop_until_answered(
            self._calls.claim, waiter.claim, self._free, self._place
        )
        self._free -= len(jobs)
        if self._channel.is_open:
            for job in jobs:
                self._hands.take(job["job_id"])
        return jobs

    def _over(self) -> None:
        """The claim is held no longer; the worker is the last to be told of work."""
        self._waiter = None
        if not self.leaving:
            waiters.add_idle(self)

    def _answer_late(self, reply: Reply) -> None:
        """Answer an empty claim after a while: some claim again at once."""
        loop = asyncio.get_running_loop()
        loop.call_later(hold_seconds(), reply, frames.claimed([]))
