"""Reading runs of a project."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet

from apps.api.body import invalid_field
from apps.engine.state import FINISHED, RunStatus
from apps.jobs.models import Job
from apps.kernel.errors import NotFound
from apps.run_events.models import RunEvent
from apps.runs.models import Run, Wait
from apps.runs.step_ledger import LINES_MAX, TYPES
from apps.workflows.models import Dialect
from apps.workflows.selectors import find_definition

ACTION_LOG_MAX = 1000
_DIALECT_OF = {"automation_id": Dialect.AUTOMATION, "loop_id": Dialect.LOOP}


def find_run(project_id: str, run_id: str) -> Run:
    """Return a run of the project, without the engine's state.

    Raises:
        NotFound: there is none.
    """
    run = Run.objects.filter(id=run_id, project_id=project_id).defer("state").first()
    if run is None:
        raise NotFound(f"run {run_id} not found")
    return run


def require_run(project_id: str, run_id: str) -> None:
    """Make sure the project has this run.

    Raises:
        NotFound: it has not.
    """
    if not Run.objects.filter(id=run_id, project_id=project_id).exists():
        raise NotFound(f"run {run_id} not found")


def depths_of(project_id: str, run_ids: Collection[str]) -> dict[str, int]:
    """Return how many runs led to each of these; other projects' are left out."""
    rows = Run.objects.filter(project_id=project_id, id__in=run_ids)
    return dict(rows.values_list("id", "depth"))


def filtered_runs(project_id: str, query: Mapping[str, Any]) -> QuerySet[Run]:
    """Return the runs of a project that match the filters of the list.

    Raises:
        Invalid: ``status`` is not a status of runs, or ``kind`` no dialect.
    """
    rows = Run.objects.filter(project_id=project_id).defer("state")
    status = query.get("status")
    if status:
        wanted = [word.strip() for word in str(status).split(",")]
        unknown = [word for word in wanted if word not in set(RunStatus)]
        if unknown:
            raise invalid_field("status", f"expected one of {', '.join(RunStatus)}")
        ended = [word for word in wanted if word in FINISHED]
        outcomes = ended if len(ended) == len(wanted) else [*ended, ""]
        rows = rows.filter(status__in=wanted, outcome__in=outcomes)
    for parameter, dialect in _DIALECT_OF.items():
        value = query.get(parameter)
        if value:
            found = find_definition(project_id, str(value), dialect)
            rows = rows.filter(workflow_id=found.id if found is not None else None)
    kind = query.get("kind")
    if kind:
        if kind not in Dialect.values:
            raise invalid_field("kind", f"expected one of {', '.join(Dialect.values)}")
        rows = rows.filter(dialect=kind)
    for parameter, column in (
        ("workflow_type", "workflow_name"),
        ("queue", "queue"),
        ("parent_run_id", "parent_run_id"),
        ("initiated_by", "initiated_by"),
        ("external_id", "external_id"),
        ("definition_id", "workflow_id"),
        ("trigger_id", "trigger_id"),
        ("source_event_id", "source_event_id"),
    ):
        value = query.get(parameter)
        if value:
            rows = rows.filter(**{column: value})
    return rows


def step_lines_of(run_id: str) -> list[RunEvent]:
    """Return the lines that tell of steps, oldest first."""
    rows = RunEvent.objects.filter(run_id=run_id, type__in=TYPES, from_worker=False)
    return list(rows.order_by("seq")[:LINES_MAX])


def jobs_of(run_id: str) -> list[Job]:
    """Return every attempt of a run, oldest first."""
    rows = Job.objects.filter(run_id=run_id).defer("result")
    return list(rows.order_by("created_at", "id"))


def open_waits_of(run_id: str) -> list[Wait]:
    """Return what a run waits for now."""
    return list(Wait.objects.filter(run_id=run_id, closed_at=None).order_by("id"))


def action_log_of(run_id: str) -> list[RunEvent]:
    """Return the ends of action attempts, oldest first."""
    ends = ("action.completed", "action.failed")
    rows = RunEvent.objects.filter(run_id=run_id, type__in=ends, from_worker=False)
    return list(rows.order_by("seq")[:ACTION_LOG_MAX])
