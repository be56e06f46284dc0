"""Hand the job that is due longest to a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from apps.jobs import sql
from apps.jobs.presence import show_worker
from apps.kernel.ids import IdKind, new_id
from apps.realtime.counting import count
from apps.realtime.outbound import say
from apps.source_events.nudge import nudge_after_commit


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for. Empty ``queues`` or ``actions`` mean any."""

    project_id: str
    worker_id: str
    queues: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    worker_name: str = ""
    worker_version: str = ""


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
    """Claim one job without noting the worker's presence."""
    queues = _distinct(claim.queues)
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(queues),
            {
                "project_id": claim.project_id,
                "worker_id": claim.worker_id,
                "queues": queues,
                "queue": queues[0] if queues else "",
                "actions": _distinct(claim.actions) or None,
                "now": now,
                "lease_expires_at": now + settings.LEASE,
                "event_id": new_id(IdKind.SOURCE_EVENT),
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    job_id, run_id, workflow_name, step_name, action, parameters, attempt, queue = row
    nudge_after_commit()
    count("mobius_jobs_claimed_total")
    return {
        "job_id": job_id,
        "run_id": run_id,
        "workflow_name": workflow_name,
        "step_name": step_name,
        "action": action,
        "parameters": orjson.loads(parameters),
        "attempt": attempt,
        "queue": queue,
        "heartbeat_interval_seconds": max(1, int(settings.HEARTBEAT.total_seconds())),
    }


def _statement(queues: Sequence[str]) -> str:
    if not queues:
        return sql.CLAIM_FROM_ANY
    return sql.CLAIM_FROM_ONE if len(queues) == 1 else sql.CLAIM_FROM_QUEUES


def give_back(claim: Claim, job: Mapping[str, Any]) -> None:
    """Undo a claim whose answer never left the house: same attempt, pending again."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.GIVE_BACK,
            {
                "project_id": claim.project_id,
                "worker_id": claim.worker_id,
                "job_id": job["job_id"],
                "attempt": job["attempt"],
            },
        )
        given = cursor.fetchone() is not None
    if given:
        say(
            "job",
            project_id=claim.project_id,
            queue=job["queue"],
            action=job["action"],
            in_seconds=0,
        )


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
