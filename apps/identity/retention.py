"""How long a project keeps what is over."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.conf import settings

from apps.api.body import Body
from apps.identity.models import KEEP_DAYS_MAX, Project

FIELDS: Final = ("keep_runs_days", "keep_run_events_days", "keep_source_events_days")


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that finished runs, their timelines and public source events are kept."""

    keep_runs_days: int
    keep_run_events_days: int
    keep_source_events_days: int


def retention_of(project: Project) -> Retention:
    """Return what is in force: the project's word, else the server's; a timeline is
    never kept longer than its run."""
    runs = project.keep_runs_days or settings.KEEP_RUNS_DAYS
    lines = project.keep_run_events_days or settings.KEEP_RUN_EVENTS_DAYS
    facts = project.keep_source_events_days or settings.KEEP_SOURCE_EVENTS_DAYS
    return Retention(runs, min(lines, runs), facts)


def read_retention(data: object) -> Mapping[str, int | None]:
    """Return which settings are to change; null is back to the server's default.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = {
        field: body.integer(field, default=None, minimum=1, maximum=KEEP_DAYS_MAX)
        for field in FIELDS
        if body.sent(field)
    }
    body.finish()
    return changes


def render_retention(project: Project) -> dict[str, Any]:
    """Return what the project says, null where it does not, and what is in force."""
    said: dict[str, Any] = {field: getattr(project, field) for field in FIELDS}
    return {**said, "in_force": asdict(retention_of(project))}
