"""Resume a paused run."""

from datetime import datetime

from django.db import transaction

from apps.engine.state import RunStatus
from apps.kernel.errors import Conflict
from apps.runs.models import Wait
from apps.runs.selectors import find_run
from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact, append_source_event


@transaction.atomic
def resume_run(project_id: str, run_id: str, *, now: datetime) -> None:
    """Ask the dispatcher to resume every paused path of a run.

    Raises:
        NotFound: no such run in the project.
        Conflict: nothing of it is paused.
    """
    run = find_run(project_id, run_id)
    paused = Wait.objects.filter(run_id=run_id, kind="pause", closed_at=None).exists()
    if not paused:
        state = RunStatus(run.status)
        raise Conflict(f"run {run_id} is {state} and not paused", status=state)
    append_source_event(
        Fact(project_id, Internal.RUN_RESUME, "run", source_id=run_id, run_id=run_id),
        now=now,
    )
