"""Let a failed run of an automation or loop go on where it failed."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.api.body import invalid_field
from apps.engine.inputs import RetryRequested
from apps.kernel.errors import Conflict
from apps.runs.models import Run
from apps.runs.selectors import find_run
from apps.runs.services.progress import progress_run


@transaction.atomic
def recover_run(
    project_id: str,
    run_id: str,
    *,
    action: str,
    reason: str = "",
    extend: timedelta | None = None,
    credit_budget: float | None = None,
    now: datetime,
) -> Run:
    """Go on in place: finished steps stay finished, ``attempt`` is one more. Both
    actions do the same and say which it was.

    Raises:
        NotFound: no such run in the project.
        Conflict: the run is not failed.
        Invalid: it is beyond a limit and gets no more of it.
    """
    request = RetryRequested(
        now, action=action, reason=reason, extend=extend, credit_budget=credit_budget
    )
    moved = progress_run(project_id, run_id, request, now=now)
    run = find_run(project_id, run_id)
    if moved.changed:
        return run
    if run.status != "failed":
        raise Conflict(
            f"run {run_id} is {run.status}; only failed runs go on", status=run.status
        )
    if extend is None and run.deadline_at is not None and run.deadline_at <= now:
        raise invalid_field(
            "wall_clock_extend_seconds",
            "is required: the wall clock of the run has run out",
        )
    raise invalid_field(
        "credit_budget",
        f"expected more than the {run.credit_spent:g} credits that were spent",
    )
