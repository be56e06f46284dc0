"""What the frames of one worker do in the database, each on a database thread.

Every call asks for the key again: one that was revoked claims and reports nothing, on
a socket as over HTTP.
"""

import logging
from datetime import datetime
from typing import Any

from apps.api.exceptions import to_mobius_error
from apps.identity.authentication import Caller, authenticate
from apps.identity.limits import count_request
from apps.identity.permissions import Permission
from apps.jobs import frames
from apps.jobs.fence import Fence
from apps.jobs.requests import OVER_CAPACITY_DELAY
from apps.jobs.services.claim import Claim, requeue
from apps.jobs.services.claim_over_socket import claim_over_socket, give_back_all
from apps.jobs.services.complete import Report, complete_job
from apps.jobs.services.heartbeat import heartbeat_job
from apps.jobs.services.open_session import Registration, Session, open_session
from apps.jobs.services.report_events import report_events
from apps.kernel import clock
from apps.kernel.errors import MobiusError

logger = logging.getLogger(__name__)

Job = dict[str, Any]


def enter(authorization: str | None, project: str) -> Caller:
    """Let a caller open a worker socket in a project.

    Raises:
        Unauthenticated: no good key.
        RateLimited: its requests are used up; an upgrade is one.
        NotFound: it is not the caller's project.
        PermissionDenied: it may not claim jobs.
    """
    caller = authenticate(authorization, now=clock.now())
    count_request(caller.key_id, caller.organization_id)
    caller.enter(project)
    caller.require(Permission.JOB_CLAIM)
    return caller


def shown(error: Exception) -> MobiusError:
    """Return an error as the worker may know it; what is our defect is logged."""
    known = to_mobius_error(error)
    if known is None:
        logger.exception("unhandled error on a worker socket", exc_info=error)
        known = MobiusError("something went wrong on our side", code="internal_error")
    return known


class Calls:
    """The calls of one caller."""

    __slots__ = ("_authorization", "_project_id")

    def __init__(self, authorization: str | None, project_id: str) -> None:
        self._authorization = authorization
        self._project_id = project_id

    def _admit(self, permission: Permission) -> datetime:
        now = clock.now()
        authenticate(self._authorization, now=now).require(permission)
        return now

    def register(self, wanted: Registration, connection_id: str) -> Session:
        """Put the worker on the connection."""
        now = self._admit(Permission.JOB_CLAIM)
        return open_session(
            self._project_id, wanted, connection_id=connection_id, now=now
        )

    def claim(self, claim: Claim, slots: int, place: tuple[str, str]) -> list[Job]:
        """Claim jobs, no more than fit into one frame."""
        now = self._admit(Permission.JOB_CLAIM)
        jobs = claim_over_socket(claim, slots=slots, place=place, now=now)
        fitting: list[Job] = []
        surplus: list[Job] = []
        room = frames.FRAME_BYTES_MAX
        for job in jobs:
            size = frames.bytes_of(job)
            if size > frames.FRAME_BYTES_MAX:
                self._fail_as_too_large(job, now)
            elif size > room:
                surplus.append(job)
            else:
                fitting.append(job)
                room -= size
        give_back_all(claim, surplus)
        return fitting

    def _fail_as_too_large(self, job: Job, now: datetime) -> None:
        fence = Fence(self._project_id, job["job_id"], lease_token=job["lease_token"])
        said = (
            f"the parameters make a frame of more than {frames.FRAME_BYTES_MAX} bytes,"
            " which workers on a socket do not take; one that claims over HTTP would"
        )
        report = Report(False, error_type="payload_too_large", error_message=said)
        complete_job(fence, report, now=now)

    def beat(self, fence: Fence) -> bool:
        """Prolong a lease; return whether the worker should stop."""
        return heartbeat_job(fence, now=self._admit(Permission.JOB_CLAIM))

    def report(self, said: frames.Said) -> bool:
        """Take a final report; return whether it counted."""
        now = self._admit(Permission.JOB_REPORT)
        if said.over_capacity and requeue(
            said.fence, delay=OVER_CAPACITY_DELAY, now=now
        ):
            return True
        return complete_job(said.fence, said.report, now=now)

    def add_delta(self, fence: Fence, line: dict[str, Any]) -> None:
        """Put a piece of generated text on the run's timeline."""
        now = self._admit(Permission.JOB_EMIT_EVENT)
        report_events(fence, [(frames.DELTA, line)], now=now)
