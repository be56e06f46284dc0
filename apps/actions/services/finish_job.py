"""Report how a job of the server's ended: the job, the call's row, the effect."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from apps.actions.calls import (
    CANCELLED,
    ERROR_CHARS_MAX,
    INVALID_OUTPUT,
    Call,
    Outcome,
    failed,
)
from apps.actions.models import Invocation, InvocationOrigin, InvocationStatus
from apps.actions.telling import say_ended
from apps.api.rendering import to_json
from apps.jobs.models import Job, JobStatus
from apps.jobs.services.claim_for_server import ServerJob
from apps.jobs.services.complete import Report, complete_job

#: How many characters of an error type every table takes.
_TYPE_CHARS_MAX: Final = 255


@transaction.atomic
def finish_job(job: ServerJob, call: Call, outcome: Outcome, *, now: datetime) -> None:
    """Write the outcome while the fence holds, and its effect with it.

    Where the run was cancelled meanwhile nothing more is done, and the call says so.

    Raises:
        LeaseLost, NotFound: another process's word counts by now.
    """
    result = to_json(outcome.output) if outcome.completed else b""
    if len(result) > settings.RESULT_BYTES_MAX:
        words = f"the output is larger than {settings.RESULT_BYTES_MAX} bytes"
        outcome, result = failed(INVALID_OUTPUT, words), b""
    report = Report(
        outcome.completed,
        result or None,
        outcome.output,
        outcome.error_type[:_TYPE_CHARS_MAX],
        outcome.error,
    )
    complete_job(job.fence, report, now=now)
    status = Job.objects.values_list("status", flat=True).get(id=job.id)
    cancelled = status == JobStatus.CANCELLED
    _note(call, outcome, cancelled, len(result), now)
    if outcome.effect is not None and not cancelled:
        outcome.effect(call, now)


def _note(
    call: Call, outcome: Outcome, cancelled: bool, size: int, now: datetime
) -> None:
    ended = InvocationStatus.COMPLETED if outcome.completed else InvocationStatus.FAILED
    changes: dict[str, Any] = {
        "status": InvocationStatus.CANCELLED if cancelled else ended,
        "finished_at": now,
        "http_status": outcome.http_status,
        "secret_version": outcome.secret_version,
        "retries": call.attempt - 1 + outcome.retries,
        "error_type": CANCELLED if cancelled else outcome.error_type[:_TYPE_CHARS_MAX],
        "error_message": "" if cancelled else outcome.error[:ERROR_CHARS_MAX],
        "output_bytes": size if outcome.completed else None,
    }
    is_direct = call.origin == InvocationOrigin.DIRECT
    if is_direct and outcome.completed and not cancelled:
        changes["output"] = outcome.output
    rows = Invocation.objects.filter(id=call.id, status=InvocationStatus.ACTIVE)
    if rows.update(**changes) and is_direct:
        say_ended(call.id)
