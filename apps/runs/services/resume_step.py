"""Let a step of a run go on with what somebody says."""

from datetime import datetime
from typing import Any

from apps.api.body import invalid_field
from apps.engine.inputs import StepResumed
from apps.runs.services.progress import progress_run


def resume_step(
    project_id: str, run_id: str, step: str, payload: Any, *, now: datetime
) -> None:
    """Resume a step that waits for an event, or pauses; ``payload`` is its output.

    Raises:
        NotFound: no such run in the project.
        Invalid: the step does not wait for an event.
    """
    request = StepResumed(at=now, step=step, payload=payload)
    run = progress_run(project_id, run_id, request, now=now)
    if not run.changed:
        raise invalid_field(
            "step_key", f"step {step} of run {run_id} does not wait for an event"
        )
