"""What a direct call makes of the news of its jobs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.actions.calls import ERROR_CHARS_MAX
from apps.actions.models import Invocation, InvocationStatus
from apps.actions.services.invoke import ATTEMPTS_MAX, enqueue_attempt
from apps.actions.telling import say_ended
from apps.api.rendering import to_json
from apps.jobs.models import Job
from apps.source_events.catalog import Internal


def settle_invocation(
    invocation_id: str, kind: str, event: Mapping[str, Any], now: datetime
) -> None:
    """Take one event of a job, in the dispatcher's transaction: it began, it ended, or
    its worker is lost and another attempt follows. A call that is over stays as it is.
    """
    rows = Invocation.objects.select_for_update()
    call = rows.filter(id=invocation_id, status=InvocationStatus.ACTIVE).first()
    if call is None:
        return
    match kind:
        case Internal.JOB_CLAIMED:
            call.started_at = call.started_at or now
        case Internal.JOB_COMPLETED:
            call.status, call.output = InvocationStatus.COMPLETED, event["output"]
            call.output_bytes = len(to_json(event["output"]))
        case Internal.LEASE_LOST if event["attempt"] < ATTEMPTS_MAX:
            _try_again(call, event, now)
        case _:
            call.status = InvocationStatus.FAILED
            call.error_type = event["error_type"]
            call.error_message = event["error"][:ERROR_CHARS_MAX]
    if call.status != InvocationStatus.ACTIVE:
        call.finished_at = now
        say_ended(call.id)
    call.save()


def _try_again(call: Invocation, event: Mapping[str, Any], now: datetime) -> None:
    queue = Job.objects.values_list("queue", flat=True).get(id=event["job_id"])
    call.attempts = event["attempt"] + 1
    call.retries = event["attempt"]
    call.job_id = enqueue_attempt(call, queue, attempt=call.attempts, now=now)
