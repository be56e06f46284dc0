"""The held call: an action is called, and its result awaited without a thread."""

import asyncio
import contextlib
from collections import defaultdict
from typing import Any, Final

from django.conf import settings

from apps.actions.catalog import find_entry
from apps.actions.models import Invocation, InvocationStatus
from apps.actions.renderings import render_result
from apps.actions.requests import Wanted, read_invocation
from apps.actions.selectors import ended_among, find_invocation
from apps.actions.services.invoke import check_input, invoke_action
from apps.actions.telling import ENDED
from apps.api.idempotency import act_once
from apps.identity.archive import project_archived
from apps.identity.authentication import Caller, authenticate
from apps.identity.credentials import bearer_in
from apps.identity.limits import count_request
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held
from apps.realtime.subscription import Subscription

#: How often a process looks for itself, should every word be lost.
POLL_SECONDS: Final = 1.0


class Awaited:
    """The direct calls whose callers this process keeps waiting."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._poll: asyncio.Task[None] | None = None

    def start(self, subscription: Subscription) -> None:
        """Begin to listen, on the running loop."""
        subscription.listen(ENDED, self._on_ended)
        self._poll = asyncio.get_running_loop().create_task(self._poll_forever())

    async def stop(self) -> None:
        """Stop listening."""
        if self._poll is not None:
            self._poll.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poll

    async def wait(
        self, invocation_id: str, seconds: float, gone: asyncio.Event
    ) -> None:
        """Return when the call has ended, its time is up, or its caller has left."""
        event = asyncio.Event()
        self._events[invocation_id].add(event)
        waits = [asyncio.ensure_future(one.wait()) for one in (event, gone)]
        try:
            if not await hop(ended_among, [invocation_id]):
                await asyncio.wait(
                    waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            for one in waits:
                one.cancel()
            self._events[invocation_id].discard(event)
            if not self._events[invocation_id]:
                del self._events[invocation_id]

    def _on_ended(self, message: dict[str, Any]) -> None:
        for event in self._events.get(message["invocation_id"], ()):
            event.set()

    async def _poll_forever(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._events:
                with contextlib.suppress(Exception):  # the database is away: next time
                    for ended in await hop(ended_among, list(self._events)):
                        self._on_ended({"invocation_id": ended})


awaited = Awaited()


def _enter(request: Request) -> tuple[dict[str, str], Any, Wanted]:
    """Authenticate, check and write down the call, all in one hop; return headers and
    the call, or the answer where nothing is to be done. As in every view, an archived
    project takes no new work."""
    now = clock.now()
    caller: Caller = authenticate(bearer_in(request.headers), now=now)
    standing = count_request(caller.key_id, caller.organization_id)
    caller = caller.inside(request.parameters["project"])
    caller.require(Permission.ACTION_INVOKE)
    if caller.is_archived:
        raise project_archived(caller.project_handle)
    headers = standing.headers() if standing else {}
    name, sent = request.parameters["name"], request.json()
    wanted = read_invocation(sent)
    entry = find_entry(caller.project_id, name, now=now)
    if wanted.dry_run:
        check_input(entry, wanted.input)
        would = {"dry_run": True, "action": name, "endpoint_kind": entry.kind}
        return headers, {"status": "completed", "output": would}, wanted

    def act() -> tuple[int, dict[str, Any]]:
        made = invoke_action(
            caller.project_id,
            entry,
            wanted.input,
            timeout_seconds=wanted.timeout_seconds,
            actor_id=caller.principal_id,
            actor_type=caller.principal_kind,
            now=now,
        )
        return 202, {"id": made.id}

    key = request.headers.get("idempotency-key")
    answer = act_once(
        {} if key is None else {"Idempotency-Key": key},
        project_id=caller.project_id,
        operation=f"actions.invoke:{name}",
        request=sent,
        now=now,
        act=act,
    )
    replayed = answer.headers.get("Idempotency-Replayed")
    if replayed:
        headers["Idempotency-Replayed"] = replayed
    return headers, find_invocation(caller.project_id, answer.data["id"]), wanted


async def invoke(request: Request) -> Response:
    """``POST /v1/projects/{project}/actions/{name}/invoke``: 200 with the result, or
    202 while there is none yet: the log of invocations will have it."""
    headers, call, wanted = await hop(_enter, request)
    if not isinstance(call, Invocation):
        return Response(200, call, headers)
    headers["X-Mobius-Invocation-Id"] = call.id
    if call.status == InvocationStatus.ACTIVE:
        seconds = min(wanted.timeout_seconds + 1, settings.CLAIM_WAIT_SECONDS_MAX)
        await awaited.wait(call.id, seconds, request.gone)
        call = await hop(find_invocation, call.project_id, call.id)
    status = 202 if call.status == InvocationStatus.ACTIVE else 200
    return Response(status, render_result(call), headers)


_ACTION: Final = "/v1/projects/{project}/actions/{name}"
ROUTES = (
    held("POST", f"{_ACTION}/invoke", invoke),
    held("POST", f"{_ACTION}/invocations", invoke),
)
