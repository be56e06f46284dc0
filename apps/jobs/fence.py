"""The fence: which claim may speak for a job."""

from dataclasses import dataclass
from typing import Any, NoReturn

from apps.jobs.models import Job, JobStatus
from apps.kernel.errors import LeaseLost, NotFound


@dataclass(frozen=True, slots=True)
class Fence:
    """A job and the claim that somebody says to hold on it.

    Over HTTP a claim is named by worker and attempt, over the socket by the lease
    token it was given. A job is held in the form in which it was claimed; the other
    form never holds it.
    """

    project_id: str
    job_id: str
    worker_id: str = ""
    attempt: int = 0
    lease_token: str = ""

    def values(self) -> dict[str, Any]:
        """Return the parameters every fenced statement takes."""
        return {
            "project_id": self.project_id,
            "job_id": self.job_id,
            "worker_id": self.worker_id,
            "attempt": self.attempt,
            "lease_token": self.lease_token,
        }

    def names(self, job: Job) -> bool:
        """Say whether this is the claim that holds, or last held, the job."""
        if job.lease_token or self.lease_token:
            return job.lease_token == self.lease_token
        return (job.worker_id, job.attempt) == (self.worker_id, self.attempt)

    def holds(self, job: Job) -> bool:
        """Say whether this claim holds the job now."""
        return job.status == JobStatus.CLAIMED and self.names(job)


def refuse(fence: Fence, *, exists: bool) -> NoReturn:
    """Say why a fenced call is not taken.

    Raises:
        NotFound: there is no such job in the project.
        LeaseLost: there is, and this claim on it does not hold.
    """
    if not exists:
        raise NotFound(f"job {fence.job_id} not found")
    if fence.lease_token:
        raise LeaseLost(
            f"job {fence.job_id} is not held under this lease token; drop it",
            job_id=fence.job_id,
        )
    raise LeaseLost(
        f"job {fence.job_id} is not held by worker {fence.worker_id} in attempt"
        f" {fence.attempt}; drop it and claim again",
        job_id=fence.job_id,
        worker_id=fence.worker_id,
        attempt=fence.attempt,
    )
