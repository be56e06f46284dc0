"""Say something in a session, for a run."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.agents.authorship import Author
from apps.agents.services.append_messages import NewMessage, Said, append_messages
from apps.api.body import invalid_field
from apps.runs.selectors import depths_of


@transaction.atomic
def say_for_run(
    project_id: str,
    session_id: str,
    new: Sequence[NewMessage],
    *,
    author: Author,
    run_id: str,
    now: datetime,
) -> Said:
    """Append messages as ``append_messages`` does; if they name a run, it counts among
    those that led to them, so that runs which start each other by what they say are
    stopped like those that do so by their ends.

    Raises:
        Invalid: the project has no such run.
    """
    depth = 0
    if run_id:
        depths = depths_of(project_id, {run_id})
        if run_id not in depths:
            raise invalid_field("run_id", f"there is no run {run_id} in this project")
        depth = depths[run_id] + 1
    return append_messages(
        project_id,
        session_id,
        new,
        author=author,
        run_id=run_id,
        depth=depth,
        now=now,
    )
