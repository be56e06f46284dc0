"""Take a worker's final report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.api.rendering import to_json
from apps.jobs import sql
from apps.jobs.fence import Fence, refuse
from apps.jobs.models import Job, JobStatus
from apps.jobs.spans import note_attempt
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.realtime.counting import count
from apps.source_events.catalog import Internal
from apps.source_events.nudge import nudge_after_commit


@dataclass(frozen=True, slots=True)
class Report:
    """How an attempt ended. ``output`` is ``result`` as a JSON value."""

    completed: bool
    result: bytes | None = None
    output: Any = None
    error_type: str = ""
    error_message: str = ""


def complete_job(fence: Fence, report: Report, *, now: datetime) -> bool:
    """Store the report and tell the run, once; return whether this one counted.

    The same report a second time is accepted and changes nothing, because a worker
    cannot know whether its first one arrived.

    Raises:
        NotFound: no such job in the project.
        LeaseLost: the fence does not hold, or another report came first.
    """
    status = JobStatus.COMPLETED if report.completed else JobStatus.FAILED
    kind = Internal.JOB_COMPLETED if report.completed else Internal.JOB_FAILED
    if report.completed:
        event: dict[str, Any] = {"output": report.output}
    else:
        event = {"error_type": report.error_type, "error": report.error_message}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.COMPLETE,
            fence.values()
            | {
                "status": status.value,
                "now": now,
                "result": report.result,
                "error_type": report.error_type,
                "error_message": report.error_message,
                "event_id": new_id(IdKind.SOURCE_EVENT),
                "event_type": kind.value,
                "event": to_json(event).decode(),
                "traced": tracing.is_on(),
            },
        )
        row = cursor.fetchone()
    if row is None:
        _accept_repeat(fence, status, report)
        return False
    count("mobius_jobs_reported_total", status=status.value)
    cancelled, *spent = row
    note_attempt(
        fence.job_id,
        spent,
        ended=now,
        status=JobStatus.CANCELLED.value if cancelled else status.value,
        error_type=report.error_type,
    )
    if not cancelled:
        nudge_after_commit()
    return True


def _accept_repeat(fence: Fence, status: JobStatus, report: Report) -> None:
    job = Job.objects.filter(id=fence.job_id, project_id=fence.project_id).first()
    same = (
        job is not None
        and job.finished_at is not None
        and fence.names(job)
        and job.status in (status, JobStatus.CANCELLED)
        and (bytes(job.result) if job.result is not None else None) == report.result
        and (job.error_type, job.error_message)
        == (report.error_type, report.error_message)
    )
    if not same:
        refuse(fence, exists=job is not None)
