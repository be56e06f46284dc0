"""Why work for a worker does not get done: who could take it, who has it, what went
wrong before."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from apps.api.rendering import instant, present
from apps.diagnosis.of_waits import asked_of
from apps.diagnosis.reasons import Code, Reason, ago, said
from apps.diagnosis.selectors import Facts
from apps.jobs.models import Job, JobStatus, Worker
from apps.jobs.presence import STALE_AFTER

WORKERS_TOLD: Final = 10


def job_reason(facts: Facts, job: Job) -> Reason | None:
    """Return why an open attempt is not over; None if it is reported."""
    if job.status == JobStatus.CLAIMED:
        return _in_hand(facts, job)
    if job.status != JobStatus.PENDING:
        return None
    if job.available_at > facts.now:
        return _backing_off(facts, job)
    return _unclaimed(facts, job)


def stopping(facts: Facts) -> Iterator[Reason]:
    """Yield the workers that still hold work of a run that is over."""
    for job in facts.jobs:
        until = _lease_until(facts, job)
        yield Reason(
            Code.JOB_STOPPING,
            f"worker {job.worker_id} still holds {job.action} and is told to stop with"
            " its next heartbeat",
            path=job.path,
            step=job.step_name,
            since=job.claimed_at,
            until=until,
            details=_facts_of(job),
        )


def _facts_of(job: Job) -> dict[str, Any]:
    return present(
        job_id=job.id,
        action=job.action,
        queue=job.queue,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        worker_id=job.worker_id or None,
    )


def _in_hand(facts: Facts, job: Job) -> Reason:
    until = _lease_until(facts, job)
    # A heartbeat gives a whole lease; the row knows only of some of them.
    in_redis = facts.leases[job.id].total_seconds() > 0
    heard_at = until - settings.LEASE if in_redis else job.heartbeat_at
    details = _facts_of(job) | present(
        claimed_at=instant(job.claimed_at),
        last_heartbeat_at=instant(heard_at),
        lease_until=instant(until),
        times_out_at=instant(job.deadline_at),
    )
    since = job.claimed_at
    if until <= facts.now:
        message = (
            f"worker {job.worker_id} claimed {job.action} and is silent: its lease ran"
            f" out at {said(until)}; the job is taken back and tried again"
        )
        return _reason(Code.LEASE_EXPIRED, message, job, since, until, details)
    heard = f"last heartbeat at {said(heard_at)}, " if heard_at is not None else ""
    message = (
        f"worker {job.worker_id} works on {job.action} (attempt {job.attempt} of"
        f" {job.max_attempts}): {heard}lease until {said(until)}"
    )
    for question in facts.questions.values():
        if question.job_id == job.id:
            asked, people = asked_of(facts, question)
            message += f"; it asked {people}"
            details["interaction"] = asked
    return _reason(Code.JOB_CLAIMED, message, job, since, job.deadline_at, details)


def _reason(
    code: Code,
    message: str,
    job: Job,
    since: datetime | None,
    until: datetime | None,
    details: dict[str, Any],
) -> Reason:
    return Reason(code, message, job.path, job.step_name, since, until, details)


def _lease_until(facts: Facts, job: Job) -> datetime:
    assert job.lease_expires_at is not None, "claimed jobs have a lease"
    left = facts.leases[job.id]
    return max(job.lease_expires_at, facts.now + left) if left else job.lease_expires_at


def _backing_off(facts: Facts, job: Job) -> Reason:
    """An attempt of later; the one before it says why."""
    before = [j for j in facts.jobs if j.task_id == job.task_id and j is not job]
    last = before[-1] if before else None
    error = f"{last.error_type}: {last.error_message}" if last is not None else ""
    after = f" after {error[:300]}" if last is not None else ""
    return Reason(
        Code.BACKING_OFF,
        f"attempt {job.attempt} of {job.max_attempts} at {job.action} begins at"
        f" {said(job.available_at)}{after}",
        path=job.path,
        step=job.step_name,
        since=last.finished_at if last is not None else job.created_at,
        until=job.available_at,
        details=_facts_of(job)
        | present(
            last_error_type=last.error_type if last is not None else None,
            last_error=last.error_message if last is not None else None,
        ),
    )


def _unclaimed(facts: Facts, job: Job) -> Reason:
    able = [w for w in facts.workers if _serves(w, job) and _knows(w, job)]
    live = [worker for worker in able if _is_live(worker, facts.now)]
    since = job.available_at
    details = _facts_of(job)
    if live:
        busy = sum(1 for worker in live if facts.held.get(worker.worker_id))
        jobs = sum(facts.held.get(worker.worker_id, 0) for worker in live)
        details |= {"live_workers": len(live), "busy_workers": busy}
        message = (
            f"{job.action} waits on queue {job.queue},"
            f" {ago(job.available_at, facts.now)}: of {len(live)} live workers that"
            f" take it {busy} are busy, with {jobs} jobs"
        )
        return _reason(Code.WAITING_FOR_CLAIM, message, job, since, None, details)
    near = list(_near(facts, job))
    details["near_workers"] = [told for _, told in near[:WORKERS_TOLD]]
    first = f"; {near[0][0]}" if near else ""
    message = (
        f"no live worker takes action {job.action} on queue {job.queue}{first}"
        if facts.workers
        else f"no worker has asked for work in the last days; {job.action} waits on"
        f" queue {job.queue}"
    )
    return _reason(Code.NO_WORKER, message, job, since, None, details)


def _near(facts: Facts, job: Job) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the workers that nearly would do, the nearest first, with what is wrong."""
    found = []
    for worker in facts.workers:
        live = _is_live(worker, facts.now)
        name, seen = worker.worker_id, said(worker.last_seen_at)
        match (_serves(worker, job), _knows(worker, job), live):
            case (True, True, False):
                rank, why = 0, f"worker {name} would, but is silent since {seen}"
            case (True, False, True):
                rank, why = 1, f"worker {name} is on the queue without the action"
            case (False, True, True):
                rank, why = 2, f"worker {name} has the action, on other queues"
            case _:
                continue
        told = {
            "worker_id": name,
            "queues": worker.queues,
            "actions": worker.actions,
            "last_seen_at": instant(worker.last_seen_at),
            "is_live": live,
            "why": why,
        }
        found.append((rank, why, told))
    for _, why, told in sorted(found, key=lambda one: one[0]):
        yield why, told


def _is_live(worker: Worker, now: datetime) -> bool:
    return worker.last_seen_at > now - STALE_AFTER


def _serves(worker: Worker, job: Job) -> bool:
    return not worker.queues or job.queue in worker.queues


def _knows(worker: Worker, job: Job) -> bool:
    return not worker.actions or job.action in worker.actions
