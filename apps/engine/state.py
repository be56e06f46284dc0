"""Where a run stands: the engine's whole memory of it, as frozen values.

Values from workers and people are shared, never copied and never changed in place;
a branch therefore costs one dictionary, not a copy of what is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class RunStatus(StrEnum):
    """What callers see of a run.

    queued     work is pending: nothing has been claimed yet, or again
    running    at least one job of the run is in a worker's hands
    suspended  every live path waits: a timer, a signal, a person, a resume
    completed, failed, cancelled  final; only an explicit retry leaves failed
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED: Final = frozenset(
    {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}
)


class TaskPhase(StrEnum):
    """Where one task stands: its job is in the queue, in hands, or it is a wait."""

    PENDING = "pending"
    CLAIMED = "claimed"
    WAITING = "waiting"


class PathPhase(StrEnum):
    """Where one path stands.

    live     has a task; ``step`` is the one it is at
    joining  reached the join ``step`` and stands before it
    parked   forked; goes on when a join brings its branches back
    ended    its last step had no way out that holds
    merged   a join took it in
    """

    LIVE = "live"
    JOINING = "joining"
    PARKED = "parked"
    ENDED = "ended"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Task:
    """One activation of a step on a path; of an item, where the step has ``each``.

    ``rule`` is the retry rule the first error picked: -1 none yet. ``subject`` and
    ``due_at`` belong to waits.
    """

    id: int
    phase: TaskPhase = TaskPhase.PENDING
    attempt: int = 1
    rule: int = -1
    subject: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """How far an ``each`` has come; ``saved`` is what its variable held before."""

    items: tuple[Any, ...]
    results: tuple[Any, ...] = ()
    had: bool = False
    saved: Any = None


@dataclass(frozen=True, slots=True)
class Path:
    """One line of execution, with variables of its own.

    ``parent`` is the path that forked into it. ``late_for`` names a join that went
    on without it: arriving there, it is taken in silently.
    """

    name: str
    step: str
    phase: PathPhase = PathPhase.LIVE
    variables: Mapping[str, Any] = field(default_factory=dict)
    output: Any = None
    task: Task | None = None
    loop: Loop | None = None
    parent: str = ""
    late_for: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that no wait has taken yet."""

    id: str
    name: str
    payload: Any = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class RunState:
    """All that ``advance`` knows of a run besides its spec.

    ``attempt`` is 1-based and counts run retries. ``seen`` are ids of signals taken
    lately; ``events`` are those of events, each with the first task that may not take
    it again. ``settled_at`` is the instant of a resume or retry whose own move ended
    where the same input would move it again; a second delivery shows by it.
    ``deadline`` is when the run's wall clock runs out, which ran from ``began`` on;
    ``budget`` is what it may spend.
    """

    status: RunStatus = RunStatus.QUEUED
    attempt: int = 1
    inputs: Mapping[str, Any] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    seen: tuple[str, ...] = ()
    events: tuple[tuple[str, int], ...] = ()
    next_task_id: int = 1
    settled_at: datetime | None = None
    began: datetime | None = None
    deadline: datetime | None = None
    budget: float | None = None
    spent: float = 0.0

    @classmethod
    def begin(cls, inputs: Mapping[str, Any]) -> "RunState":
        """Return the state of a run that exists and has done nothing."""
        return cls(inputs=inputs)

    def tasks(self) -> Mapping[int, Path]:
        """Return the open tasks: the path of each, by task id."""
        return {path.task.id: path for path in self.paths.values() if path.task}
