"""The held claim: a worker's long poll that costs no thread while it waits."""

from typing import Any

from django.conf import settings

from apps.api.body import Body
from apps.identity.authentication import Caller, authenticate
from apps.identity.credentials import bearer_in
from apps.identity.limits import Standing, count_request
from apps.identity.permissions import Permission
from apps.jobs.services.claim import Claim, claim_job, give_back, take_job
from apps.jobs.waiting import Waiter, waiters
from apps.kernel import clock
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held

QUEUES_MAX = 100
ACTIONS_MAX = 500


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
    caller: Caller = authenticate(bearer_in(request.headers), now=now)
    standing = count_request(caller.key_id, caller.organization_id)
    caller = caller.inside(request.parameters["project"])
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
        authorization = bearer_in(request.headers)
        # A job may have come between the first look and now: it looks again at once.
        job = await waiters.hold(
            Waiter(wanted, request.gone),
            lambda: hop(_again, authorization, wanted),
            wait,
        )
    if job is None:
        return Response(204, headers=headers)
    # In a header: strict clients refuse a body with a field that they do not know.
    place = job.pop("traceparent", None)
    if place is not None:
        headers["traceparent"] = place
    if request.gone.is_set():
        # Nobody read the answer: the next worker need not wait for a lease to end.
        await hop(give_back, wanted, job)
    return Response(200, job, headers)


ROUTES = (held("POST", "/v1/projects/{project}/jobs/claim", claim),)
