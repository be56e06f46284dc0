"""``GET /v1/projects/{project}/workers/socket``: who gets a worker socket."""

import re
from collections.abc import Mapping
from typing import Any, Final

from apps.api.request_ids import request_id
from apps.jobs.socket import WorkerSocket
from apps.jobs.socket_calls import enter, shown
from apps.jobs.sockets import sockets
from apps.kernel.errors import NotFound
from apps.realtime.bridge import hop
from apps.realtime.request_spans import begin_request, note_answer
from apps.realtime.websocket import accept, refuse

ROUTE: Final = "/v1/projects/{project}/workers/socket"
#: What an upgrade is answered that is not refused.
SWITCHED: Final = 101
PATH: Final = re.compile(r"/v1/projects/([^/]+)/workers/socket")


async def serve(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Serve one upgrade: refuse it, or hold its socket until it ends."""
    await receive()
    found = PATH.fullmatch(scope["path"])
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get(b"authorization")
    known = request_id(headers.get(b"x-request-id"))
    with begin_request(
        "GET", scope["path"], traceparent=headers.get(b"traceparent"), request_id=known
    ) as span:
        try:
            if found is None:
                raise NotFound("there is nothing at this address")
            sockets.require_room()
            caller = await hop(enter, authorization, found[1])
        except Exception as error:
            refusal = shown(error)
            note_answer(span, "GET", ROUTE, refusal.status)
            await refuse(scope, send, refusal)
            return
        note_answer(span, "GET", ROUTE, SWITCHED)
    await WorkerSocket(await accept(receive, send), caller, authorization).run()
