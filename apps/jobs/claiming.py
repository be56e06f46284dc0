"""The held claim: a worker's long poll that costs no thread while it waits."""

import asyncio
import contextlib
from collections import deque
from typing import Any

from django.conf import settings

from apps.api.body import Body
from apps.identity.authentication import Caller, authenticate
from apps.identity.limits import Standing, count_request
from apps.identity.permissions import Permission
from apps.jobs.services.claim import Claim, claim_job, give_back, take_job
from apps.kernel import clock
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held
from apps.realtime.subscription import Subscription

#: How often a process looks for itself, should every hint be lost.
POLL_SECONDS = 1.0
QUEUES_MAX = 100
ACTIONS_MAX = 500

Filter = tuple[str, tuple[str, ...], tuple[str, ...]]


class _Waiter:
    """One held claim."""

    __slots__ = ("claim", "hint", "woken")

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.woken = asyncio.Event()
        self.hint: dict[str, Any] | None = None

    def key(self) -> Filter:
        return self.claim.project_id, self.claim.queues, self.claim.actions

    def wants(self, hint: dict[str, Any]) -> bool:
        claim = self.claim
        return (not claim.queues or hint["queue"] in claim.queues) and (
            not claim.actions or hint["action"] in claim.actions
        )


class Waiters:
    """All held claims of this process, longest waiting first.

    One new job wakes one claim. A claim that no longer needs its wake hands it on.
    """

    def __init__(self) -> None:
        self._by_project: dict[str, deque[_Waiter]] = {}
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

    def add(self, waiter: _Waiter) -> None:
        """Hold a claim."""
        self._by_project.setdefault(waiter.claim.project_id, deque()).append(waiter)

    def remove(self, waiter: _Waiter) -> None:
        """Let a claim go; a wake it did not use goes to the next."""
        queue = self._by_project[waiter.claim.project_id]
        queue.remove(waiter)
        if not queue:
            del self._by_project[waiter.claim.project_id]
        if waiter.woken.is_set() and waiter.hint is not None:
            self.wake_one(waiter.hint)

    def on_job(self, message: dict[str, Any]) -> None:
        """A job was enqueued somewhere; wake one claim when it is due."""
        delay = message.get("in_seconds") or 0
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.wake_one, message)
        else:
            self.wake_one(message)

    def wake_one(self, hint: dict[str, Any]) -> None:
        """Wake the longest waiting claim that wants this job."""
        for waiter in self._by_project.get(hint["project_id"], ()):
            if not waiter.woken.is_set() and waiter.wants(hint):
                waiter.hint = hint
                waiter.woken.set()
                return

    def wake_like(self, claim: Claim) -> None:
        """Wake one more claim with the same filter: there may be more work."""
        key = (claim.project_id, claim.queues, claim.actions)
        for waiter in self._by_project.get(claim.project_id, ()):
            if not waiter.woken.is_set() and waiter.key() == key:
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


waiters = Waiters()


def read_claim(project_id: str, data: object) -> tuple[Claim, int]:
    """Return what a claim asks for and how many seconds it waits.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    worker_id = body.text("worker_id")
    queues = body.texts("queues", default=[], max_items=QUEUES_MAX, max_length=128)
    actions = body.texts("actions", default=[], max_items=ACTIONS_MAX, max_length=128)
    name = body.text("worker_name", default="", min_length=0, max_length=128)
    version = body.text("worker_version", default="", min_length=0, max_length=64)
    body.text("agent_id", default="", min_length=0)
    body.text("agent_session_id", default="", min_length=0)
    wait = body.integer(
        "wait_seconds", default=0, maximum=settings.CLAIM_WAIT_SECONDS_MAX
    )
    body.finish()
    claim = Claim(project_id, worker_id, tuple(queues), tuple(actions), name, version)
    return claim, wait


def _enter(
    request: Request,
) -> tuple[Standing | None, Claim, int, dict[str, Any] | None]:
    """Authenticate, read the body and try once, all in one hop."""
    now = clock.now()
    caller: Caller = authenticate(request.headers.get("authorization"), now=now)
    standing = count_request(caller.key_id, caller.organization_id)
    caller.enter(request.parameters["project"])
    caller.require(Permission.JOB_CLAIM)
    claim, wait = read_claim(caller.project_id, request.json())
    return standing, claim, wait, claim_job(claim, now=now)


def _again(authorization: str | None, claim: Claim) -> dict[str, Any] | None:
    """Try once more; a key revoked while its claim was held gets nothing."""
    now = clock.now()
    authenticate(authorization, now=now).require(Permission.JOB_CLAIM)
    return take_job(claim, now=now)


async def claim(request: Request) -> Response:
    """``POST /v1/projects/{project}/jobs/claim``: 200 with a job, or 204."""
    standing, wanted, wait, job = await hop(_enter, request)
    headers = standing.headers() if standing else {}
    if job is None and wait:
        job = await _hold(request, wanted, wait)
    if job is None:
        return Response(204, headers=headers)
    if request.gone.is_set():
        # Nobody read the answer: the next worker need not wait for a lease to end.
        await hop(give_back, wanted, job)
    return Response(200, job, headers)


async def _hold(request: Request, wanted: Claim, wait: int) -> dict[str, Any] | None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    waiter = _Waiter(wanted)
    waiters.add(waiter)
    # A job may have come between the first look and now.
    waiter.woken.set()
    gone = asyncio.ensure_future(request.gone.wait())
    try:
        while not request.gone.is_set():
            if await _woken(waiter, gone, deadline - loop.time()):
                polled = waiter.hint is None
                waiter.woken.clear()
                waiter.hint = None
                job = await hop(_again, request.headers.get("authorization"), wanted)
                if job is not None:
                    if polled:
                        waiters.wake_like(wanted)
                    return job
            if loop.time() >= deadline:
                return None
        return None
    finally:
        gone.cancel()
        waiters.remove(waiter)


async def _woken(
    waiter: _Waiter, gone: "asyncio.Future[Any]", timeout_seconds: float
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


ROUTES = (held("POST", "/v1/projects/{project}/jobs/claim", claim),)
