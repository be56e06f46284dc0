"""Publish events, some of them for runs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from apps.kernel.errors import Invalid
from apps.runs.selectors import depths_of
from apps.source_events.services.append import Appended
from apps.source_events.services.publish import NewEvent, publish_events


@transaction.atomic
def publish_for_runs(
    project_id: str, events: Sequence[NewEvent], *, now: datetime
) -> list[Appended]:
    """Publish events as ``publish_events`` does; one that names a run counts that run
    among those that led to it, so that runs which start each other by what their
    workers publish are stopped like those that do so by their ends.

    Raises:
        Invalid: the project has no such run; names every ``run_id`` that is wrong.
    """
    named = {new.run_id for new in events if new.run_id}
    depths = depths_of(project_id, named) if named else {}
    unknown = [
        {
            "path": f"{new.path}.run_id" if new.path else "run_id",
            "message": f"there is no run {new.run_id} in this project",
        }
        for new in events
        if new.run_id and new.run_id not in depths
    ]
    if unknown:
        path, message = unknown[0]["path"], unknown[0]["message"]
        raise Invalid(f"{path}: {message}", path=path, fields=unknown)
    led = [
        replace(new, depth=depths[new.run_id] + 1) if new.run_id else new
        for new in events
    ]
    return publish_events(project_id, led, now=now)
