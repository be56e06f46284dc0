"""The fence: which worker's which attempt may speak for a job."""

from dataclasses import dataclass
from typing import Any, NoReturn

from apps.kernel.errors import LeaseLost, NotFound


@dataclass(frozen=True, slots=True)
class Fence:
    """A job and the claim a worker says it holds on it."""

    project_id: str
    job_id: str
    worker_id: str
    attempt: int

    def values(self) -> dict[str, Any]:
        """Return the parameters every fenced statement takes."""
        return {
            "project_id": self.project_id,
            "job_id": self.job_id,
            "worker_id": self.worker_id,
            "attempt": self.attempt,
        }


def refuse(fence: Fence, *, exists: bool) -> NoReturn:
    """Say why a fenced call is not taken.

    Raises:
        NotFound: there is no such job in the project.
        LeaseLost: there is, and this claim on it does not hold.
    """
    if not exists:
        raise NotFound(f"job {fence.job_id} not found")
    raise LeaseLost(
        f"job {fence.job_id} is not held by worker {fence.worker_id} in attempt"
        f" {fence.attempt}; drop it and claim again",
        job_id=fence.job_id,
        worker_id=fence.worker_id,
        attempt=fence.attempt,
    )
