"""What can happen to a run. Each input carries its instant, ``at`` (aware, UTC).

``task_id`` names one activation of one step on one path; the engine hands it out
in its decisions and every answer brings it back. ``jitter`` is a number in [0, 1)
drawn by the caller, because the engine draws none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apps.engine.events import Envelope


@dataclass(frozen=True, slots=True)
class RunCreated:
    """The run exists; begin it. ``credit_budget`` goes before that of the spec."""

    at: datetime
    credit_budget: float | None = None


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
    """Somebody wants the run to end now; ``replaced`` by a newer one, or just so."""

    at: datetime
    reason: str = ""
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """Somebody wants a failed run to go on where it failed.

    ``extend`` gives it so much more wall clock, from now on where that ran out, and
    ``credit_budget`` a new budget: a run that is beyond a limit does not go on without.
    """

    at: datetime
    action: str = "retry"
    reason: str = ""
    extend: timedelta | None = None
    credit_budget: float | None = None


@dataclass(frozen=True, slots=True)
class StepResumed:
    """Somebody says what a step that waits for an event, or pauses, goes on with."""

    at: datetime
    step: str
    payload: Any = None


@dataclass(frozen=True, slots=True)
class ChildStarted:
    """The run that ``task_id`` asked for exists."""

    at: datetime
    task_id: int
    child_run_id: str


@dataclass(frozen=True, slots=True)
class ChildFailed:
    """The run that ``task_id`` asked for cannot be started."""

    at: datetime
    task_id: int
    error_type: str
    message: str


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The wall clock of the run may have run out."""

    at: datetime


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Something was used on the run's behalf; ``credits`` count against its budget."""

    at: datetime
    category: str
    quantity: float
    credits: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateOutgrown:
    """What the input about ``task_id`` would have made of the run is too big to keep.

    Comes in the place of that input, which never happens: ``used`` bytes are more than
    ``limit``. 0 is no task.
    """

    at: datetime
    used: int
    limit: int
    task_id: int = 0


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
    | StepResumed
    | ChildStarted
    | ChildFailed
    | DeadlineReached
    | UsageReported
    | StateOutgrown
)
