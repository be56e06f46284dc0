"""Note what was used on behalf of a run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.engine.inputs import UsageReported
from apps.engine.state import RunStatus
from apps.kernel.errors import Conflict
from apps.runs.services.progress import progress_run


def record_usage(
    project_id: str,
    run_id: str,
    *,
    category: str,
    quantity: float,
    credits: float,
    facts: Mapping[str, Any],
    now: datetime,
) -> RunStatus:
    """Put a line on the run's timeline; ``credits`` count against its budget, and a
    run that spends more than it may fails. Return the status after.

    Raises:
        NotFound: no such run in the project.
        Conflict: the run is over.
    """
    used = UsageReported(now, category, quantity, credits, facts)
    run = progress_run(project_id, run_id, used, now=now)
    if not run.changed:
        raise Conflict(f"run {run_id} is {run.state.status}", status=run.state.status)
    return run.state.status
