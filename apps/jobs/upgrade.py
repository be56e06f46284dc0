"""``GET /v1/projects/{project}/workers/socket``: who gets a worker socket."""

import re
from collections.abc import Mapping
from typing import Any, Final

from apps.api.exceptions import error_body
from apps.api.request_ids import request_id
from apps.identity.credentials import bearer_of
from apps.identity.held import enter as enter_held
from apps.identity.permissions import Permission
from apps.jobs.socket import WorkerSocket
from apps.jobs.socket_calls import enter, shown
from apps.jobs.sockets import sockets
from apps.kernel.errors import NotFound
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held
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
    authorization = bearer_of(headers.get(b"authorization"), headers.get(b"x-api-key"))
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


async def plain(request: Request) -> Response:
    """426, for those who may open it: it is there, as a socket."""
    await hop(enter_held, request, Permission.JOB_CLAIM)
    message = "this is a WebSocket: send an upgrade"
    body = error_body("upgrade_required", message)
    return Response(426, body, {"Upgrade": "websocket", "Connection": "Upgrade"})


ROUTES: Final = (held("GET", ROUTE, plain),)
