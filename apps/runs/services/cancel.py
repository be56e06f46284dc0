"""End a run now."""

from datetime import datetime

from apps.engine.inputs import CancelRequested
from apps.engine.state import RunStatus
from apps.runs.services.progress import progress_run


def cancel_run(
    project_id: str, run_id: str, *, reason: str = "", now: datetime
) -> RunStatus:
    """Cancel a run; return its status after. A finished run stays what it is.

    Pending jobs vanish, workers that hold jobs are told to stop at their next
    heartbeat, open waits and interactions are closed: all with this transaction.

    Raises:
        NotFound: no such run in the project.
    """
    request = CancelRequested(at=now, reason=reason)
    return progress_run(project_id, run_id, request, now=now).state.status
