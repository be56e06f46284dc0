"""One job, what its function may do with it, and how it ended."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mobius.sdk.errors import MobiusError

#: The one type of error that the server never tries again.
FATAL: Final = "fatal_error"
CANCELLED: Final = "Cancelled"
#: A report that says so gives the job back as it was.
OVER_CAPACITY: Final = "WorkerOverCapacity"
ERROR_MESSAGE_CHARS_MAX: Final = 16_000

Emit = Callable[[str, Mapping[str, Any]], Awaitable[bool]]


class ActionFailed(MobiusError):
    """Raised by a function: the attempt failed. ``error_type`` is what ``retry`` and
    ``catch`` of the step are matched with. The step's retry rules decide what follows.
    """

    def __init__(self, message: str, error_type: str = "Error") -> None:
        super().__init__(message)
        self.error_type = error_type


class PermanentFailure(ActionFailed):
    """Raised by a function: no other attempt would do better; none is made."""

    def __init__(self, message: str) -> None:
        super().__init__(message, FATAL)


class JobCancelled(MobiusError):
    """Raised in a function that asks whether it should go on, and should not."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. ``fence`` is what every word about it carries."""

    id: str
    run_id: str
    action: str
    parameters: Any
    attempt: int
    queue: str
    step: str
    heartbeat_seconds: float
    fence: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. ``result`` is a JSON value, None for no result."""

    status: Literal["completed", "failed", "cancelled"]
    result: Any = None
    error_type: str = ""
    error_message: str = ""


def failure(error_type: str, message: str) -> Outcome:
    """Return the outcome of an attempt that failed."""
    return Outcome("failed", None, error_type, message[:ERROR_MESSAGE_CHARS_MAX])


class _Context:
    """What a function may know of its job."""

    def __init__(self, job: Job, emit: Emit) -> None:
        self.job_id = job.id
        self.run_id = job.run_id
        self.attempt = job.attempt
        self.action = job.action
        self.queue = job.queue
        self.step = job.step
        self._emit = emit


class JobContext(_Context):
    """What a plain function may know of its job, and do. ``cancelled`` is set when it
    should stop: the run was cancelled, the lease is lost, or the worker has to end."""

    def __init__(self, job: Job, emit: Emit, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(job, emit)
        self.cancelled = threading.Event()
        self._loop = loop

    @property
    def should_cancel(self) -> bool:
        """Say whether to stop."""
        return self.cancelled.is_set()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            JobCancelled: the function should stop.
        """
        if self.should_cancel:
            raise JobCancelled("the job was cancelled")

    def emit(self, type: str, payload: Mapping[str, Any] | None = None) -> bool:
        """Put an event on the run's timeline; return whether it is there. It is not
        when the server cannot be reached, or the job is not this worker's any more.

        Raises:
            ApiError: the event is not one that the server takes.
        """
        told = asyncio.run_coroutine_threadsafe(self._tell(type, payload), self._loop)
        return told.result()

    async def _tell(self, type_: str, payload: Mapping[str, Any] | None) -> bool:
        return await self._emit(type_, payload or {})


class AsyncJobContext(_Context):
    """What a coroutine function may know of its job, and do. When it should stop,
    ``cancelled`` is set and the coroutine is cancelled."""

    def __init__(self, job: Job, emit: Emit) -> None:
        super().__init__(job, emit)
        self.cancelled = asyncio.Event()

    @property
    def should_cancel(self) -> bool:
        """Say whether to stop."""
        return self.cancelled.is_set()

    async def emit(self, type: str, payload: Mapping[str, Any] | None = None) -> bool:
        """Put an event on the run's timeline; see ``JobContext.emit``."""
        return await self._emit(type, payload or {})
