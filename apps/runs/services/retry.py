"""Let a failed run go on where it failed."""

from datetime import datetime

from apps.engine.inputs import RetryRequested
from apps.kernel.errors import Conflict
from apps.runs.services.progress import progress_run


def retry_run(project_id: str, run_id: str, *, now: datetime) -> None:
    """Re-enqueue a failed run in place: attempt + 1, finished steps stay finished.

    Raises:
        NotFound: no such run in the project.
        Conflict: the run is not failed.
    """
    run = progress_run(project_id, run_id, RetryRequested(at=now), now=now)
    if not run.changed:
        raise Conflict(
            f"run {run_id} is {run.state.status}; only failed runs are retried",
            status=run.state.status,
        )
