"""What can happen to a run. Each input carries its instant, ``at`` (aware, UTC).

``task_id`` names one activation of one step on one path; the engine hands it out
in its decisions and every answer brings it back. ``jitter`` is a number in [0, 1)
drawn by the caller, because the engine draws none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.engine.events import Envelope


@dataclass(frozen=True, slots=True)
class RunCreated:
    """The run exists; begin it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class JobClaimed:
    """A worker took the job of ``task_id``."""

    at: datetime
    task_id: int
    attempt: int
    worker_id: str = ""


@dataclass(frozen=True, slots=True)
class JobCompleted:
    """A worker reported success; ``output`` is decoded JSON (None: no output)."""

    at: datetime
    task_id: int
    attempt: int
    output: Any = None


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A worker reported failure, or the attempt ran past its own time limit."""

    at: datetime
    task_id: int
    attempt: int
    error_type: str
    error_message: str
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class JobLost:
    """The lease ran out: nobody knows how far the worker came."""

    at: datetime
    task_id: int
    attempt: int
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The due time of the wait of ``task_id`` may have come."""

    at: datetime
    task_id: int


@dataclass(frozen=True, slots=True)
class SignalSent:
    """A signal arrived; kept until a wait for ``name`` takes it, first in first out.

    ``run_id`` is what a wait for it as an event shows of the run.
    """

    at: datetime
    signal_id: str
    name: str
    payload: Any = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class EventReceived:
    """An event that may be the one ``task_id`` waits for.

    Its type was looked at by the caller, and that it is neither older nor younger
    than the wait allows; everything else is judged here.
    """

    at: datetime
    task_id: int
    event_id: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class InteractionResolved:
    """People answered; ``response`` becomes the output of the step."""

    at: datetime
    task_id: int
    response: Any = None


@dataclass(frozen=True, slots=True)
class InteractionFailed:
    """Nobody can be asked, or the question cannot be put: the step has failed."""

    at: datetime
    task_id: int
    error_type: str
    message: str


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """Somebody resumed the paused paths of the run."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody wants the run to end now."""

    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """Somebody wants a failed run to go on where it failed."""

    at: datetime


Input = (
    RunCreated
    | JobClaimed
    | JobCompleted
    | JobFailed
    | JobLost
    | TimerFired
    | SignalSent
    | EventReceived
    | InteractionResolved
    | InteractionFailed
    | ResumeRequested
    | CancelRequested
    | RetryRequested
)
