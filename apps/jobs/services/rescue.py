"""Take back jobs whose worker fell silent or ran past the attempt's time limit."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from apps.jobs import leases, sql
from apps.jobs.models import Job, JobStatus
from apps.jobs.services.tell import tell_holders
from apps.jobs.spans import note_attempt
from apps.kernel import tracing
from apps.kernel.errors import Conflict
from apps.realtime.counting import count_after_commit
from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact, append_source_event

BATCH = 200


def rescue_jobs(*, now: datetime) -> int:
    """Rescue every overdue job found in one pass; return how many.

    A lease that lives on in Redis is copied to the row instead. Each rescue is its
    own transaction and does nothing when the worker spoke in the meantime, so any
    number of rescuers may run at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.FIND_OVERDUE, {"now": now, "limit": BATCH})
        overdue = cursor.fetchall()
    helds = [leases.Held(*row[:4]) for row in overdue]
    lives = leases.remaining(helds)
    rescued = 0
    for held, (*_, expiry, deadline), left in zip(helds, overdue, lives, strict=True):
        if deadline is not None and deadline < now:
            rescued += _time_out(held, expiry, now)
        elif left.total_seconds() > 0:
            _copy(held, now, now + left)
        else:
            rescued += take_back(held, expiry, now)
    return rescued


def _copy(held: leases.Held, now: datetime, expiry: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET lease_expires_at = %s WHERE id = %s"
            " AND status = 'claimed' AND worker_id = %s AND attempt = %s"
            " AND lease_token = %s AND lease_expires_at < %s",
            [expiry, *held, now],
        )


def rescue_job(job_id: str, *, now: datetime) -> None:
    """Take one job back now, whatever its lease says: somebody knows better.

    Raises:
        Conflict: nobody holds the job.
    """
    job = Job.objects.filter(id=job_id, status=JobStatus.CLAIMED).first()
    if job is None or job.lease_expires_at is None:
        raise Conflict(f"job {job_id} is in nobody's hands")
    held = leases.Held(job.id, job.worker_id, job.attempt, job.lease_token)
    if not take_back(held, job.lease_expires_at, now):
        raise Conflict(f"job {job_id} changed hands just now")
    leases.release(job_id)


def take_back(held: leases.Held, expiry: datetime, now: datetime) -> int:
    """Declare one claim lost, if it is still as it was found; return 1 if so."""
    return _end(
        held,
        expiry,
        now,
        status=JobStatus.LOST,
        error_type="lease_expired",
        message=f"worker {held.worker_id} was silent for {_lease_words()}",
        kind=Internal.LEASE_LOST,
    )


def _time_out(held: leases.Held, expiry: datetime, now: datetime) -> int:
    return _end(
        held,
        expiry,
        now,
        status=JobStatus.FAILED,
        error_type="timeout",
        message="the attempt ran past its time limit",
        kind=Internal.JOB_FAILED,
    )


def _lease_words() -> str:
    return f"{settings.LEASE.total_seconds():g} seconds"


@transaction.atomic
def _end(held: leases.Held, expiry: datetime, now: datetime, **how: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.TAKE_BACK,
            {
                "job_id": held.job_id,
                "worker_id": held.worker_id,
                "attempt": held.attempt,
                "lease_token": held.lease_token,
                "lease_expires_at": expiry,
                "now": now,
                "status": how["status"].value,
                "error_type": how["error_type"],
                "error_message": how["message"],
            },
        )
        row = cursor.fetchone()
    if row is None:
        return 0
    if held.lease_token:
        tell_holders([held.job_id], reason=how["error_type"], now=now)
    project_id, run_id, task_id, cancelled, *spent = row
    note_attempt(
        held.job_id,
        spent,
        ended=now,
        status=how["status"].value,
        error_type=how["error_type"],
    )
    count_after_commit("mobius_jobs_taken_back_total", reason=how["error_type"])
    if not cancelled:
        event = {
            "job_id": held.job_id,
            "task_id": task_id,
            "attempt": held.attempt,
            "error_type": how["error_type"],
            "error": how["message"],
        }
        fact = Fact(
            project_id,
            how["kind"],
            source_kind="job",
            source_id=held.job_id,
            run_id=run_id,
            event=event,
            traceparent=tracing.place_of(held.job_id, spent[-1]),
        )
        append_source_event(fact, now=now)
    return 1
