"""Hand the job that is due longest to a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from apps.jobs import sql
from apps.jobs.fence import Fence
from apps.jobs.presence import show_worker
from apps.jobs.queues import SERVER_QUEUE
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.realtime.counting import count
from apps.realtime.outbound import say
from apps.source_events.nudge import nudge_after_commit

#: What the answer over HTTP has, and two columns more.
_ANSWERED = (
    *("job_id", "run_id", "workflow_name", "step_name", "action", "parameters"),
    *("attempt", "queue"),
)
_COLUMNS = (*_ANSWERED, "origin", "traceparent")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for. Empty ``queues`` or ``actions`` mean any."""

    project_id: str
    worker_id: str
    queues: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    worker_name: str = ""
    worker_version: str = ""
    #: Given to claims over the socket: their fence.
    lease_token: str = ""


def claim_job(claim: Claim, *, now: datetime) -> dict[str, Any] | None:
    """Claim one job; return it in the worker's words, None when nothing is due.

    Two workers never receive the same job: a row another claim looks at is skipped.
    The fence, the lease and the news for the run commit as one statement.
    """
    show_worker(
        claim.project_id,
        claim.worker_id,
        name=claim.worker_name,
        version=claim.worker_version,
        queues=claim.queues,
        actions=claim.actions,
        now=now,
    )
    return take_job(claim, now=now)


def take_job(claim: Claim, *, now: datetime) -> dict[str, Any] | None:
    """Claim one job without noting the worker's presence. With traces the answer has
    ``traceparent`` too, which is for a header."""
    job = take_one(claim, now=now)
    if job is None:
        return None
    nudge_after_commit()
    answer = {
        **{name: job[name] for name in _ANSWERED},
        "heartbeat_interval_seconds": max(1, int(settings.HEARTBEAT.total_seconds())),
    }
    if job["traceparent"] is not None:
        answer["traceparent"] = job["traceparent"]
    return answer


def take_one(claim: Claim, *, now: datetime) -> dict[str, Any] | None:
    """Claim one job; return what any worker may have to know of it."""
    queues = [name for name in _distinct(claim.queues) if name != SERVER_QUEUE]
    if claim.queues and not queues:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(queues),
            {
                "project_id": claim.project_id,
                "worker_id": claim.worker_id,
                "lease_token": claim.lease_token,
                "queues": queues,
                "queue": queues[0] if queues else "",
                "actions": _distinct(claim.actions) or None,
                "now": now,
                "lease_expires_at": now + settings.LEASE,
                "event_id": new_id(IdKind.SOURCE_EVENT),
                "traced": tracing.is_on(),
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    count("mobius_jobs_claimed_total")
    job = dict(zip(_COLUMNS, row, strict=True))
    job["parameters"] = orjson.loads(job["parameters"])
    job["traceparent"] = tracing.place_of(job["job_id"], job["traceparent"])
    tracing.link(job["traceparent"])
    return job


def _statement(queues: Sequence[str]) -> str:
    if not queues:
        return sql.CLAIM_FROM_ANY
    return sql.CLAIM_FROM_ONE if len(queues) == 1 else sql.CLAIM_FROM_QUEUES


def give_back(claim: Claim, job: Mapping[str, Any]) -> None:
    """Undo a claim whose answer never left the house: same attempt, pending again."""
    fence = Fence(
        claim.project_id,
        job["job_id"],
        claim.worker_id,
        job["attempt"],
        claim.lease_token,
    )
    _requeue(fence, None, 0)


def requeue(fence: Fence, *, delay: timedelta, now: datetime) -> bool:
    """Give a held job back as the same attempt, due after a delay.

    Return whether the fence held; a job of a cancelled run is not given back.
    """
    return _requeue(fence, now + delay, delay.total_seconds())


def _requeue(fence: Fence, due_at: datetime | None, in_seconds: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql.GIVE_BACK, fence.values() | {"due_at": due_at})
        row = cursor.fetchone()
    if row is None:
        return False
    queue, action = row
    say(
        "job",
        project_id=fence.project_id,
        queue=queue,
        action=action,
        in_seconds=in_seconds,
    )
    return True


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
