"""The event types the system knows, by name."""

from enum import StrEnum
from typing import Final


class Internal(StrEnum):
    """Drive the system; never authored in triggers or waits."""

    RUN_BEGIN = "run.progress_initial"
    RUN_RESUME = "run.resume"
    WAIT_DUE = "loop_run.resume"
    LEASE_LOST = "loop_run.continue"
    JOB_CLAIMED = "job.claimed"
    JOB_COMPLETED = "loop.run_allocation.completed"
    JOB_FAILED = "loop.run_allocation.failed"
    INTERACTION_CANCELLED = "interaction.cancelled"
    INTERACTION_UNANSWERABLE = "interaction.unanswerable"
    INTERACTION_DUE = "interaction.due"
    INTERACTION_CALLBACK = "interaction.http_subscriber.dispatch"


class Public(StrEnum):
    """Readable by everybody in the project."""

    RUN_COMPLETED = "run.completed"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    INTERACTION_RESOLVED = "interaction.resolved"


#: ``signal.<name>``: a signal was sent to a run.
SIGNAL_PREFIX: Final = "signal."
