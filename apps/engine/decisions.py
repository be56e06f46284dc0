"""What the engine wants done. Each decision has one writer, in ``runs.effects``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from apps.engine.state import RunStatus


class WaitKind(StrEnum):
    """Why a path stands still without work for a worker."""

    SLEEP = "sleep"
    SIGNAL = "signal"
    PAUSE = "pause"
    INTERACTION = "interaction"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class EnqueueJob:
    """Give one attempt at an action to the workers.

    ``timeout`` limits the attempt's execution, from claim to report; None is no limit.
    ``server``: the platform runs the action itself, no worker is asked.
    """

    task_id: int
    step: str
    path: str
    action: str
    parameters: Mapping[str, Any]
    attempt: int
    max_attempts: int
    not_before: datetime
    timeout: timedelta | None = None
    server: bool = False


@dataclass(frozen=True, slots=True)
class OpenWait:
    """A path begins to wait. ``subject`` is the signal's name, the pause's reason or
    the type of the event.

    With ``due_at`` the caller owes a ``TimerFired`` at or after that instant.
    """

    task_id: int
    step: str
    path: str
    kind: WaitKind
    subject: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloseWait:
    """A wait is over; ``outcome`` is resumed, timed_out or failed.

    ``event_id`` is the event that ended it, if one did.
    """

    task_id: int
    outcome: str
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class SubscribeEvent:
    """Listen for events. Comes right after the ``OpenWait`` of the same ``task_id``.

    Events of ``event_type``, which may be ``prefix.*``, count from ``since`` on, and
    until the wait's due time. ``match`` holds values by path, ``condition`` is a
    source; with ``reads_run`` it has no value without the run. What is handed in as
    ``EventReceived`` is judged again.
    """

    task_id: int
    event_type: str
    since: datetime
    source_id: str = ""
    match: Mapping[str, Any] = field(default_factory=dict)
    condition: str = ""
    reads_run: bool = False

    def told(self) -> dict[str, Any]:
        """Return what the timeline says of it."""
        told = {"event_type": self.event_type, "match": self.match}
        return {**told, "source_id": self.source_id} if self.source_id else told


@dataclass(frozen=True, slots=True)
class RequestInteraction:
    """Ask people. Comes right after the ``OpenWait`` of the same ``task_id``.

    ``config`` is the step's ``interaction`` block with its templates rendered, without
    ``timeout``, ``on_timeout`` and ``store``. What templates became was not checked.
    With ``newer_words`` the question is shown in the words of automations and loops.
    """

    task_id: int
    step: str
    path: str
    config: Mapping[str, Any]
    due_at: datetime | None = None
    newer_words: bool = False


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start a run of another definition; the answer is ``ChildStarted`` or
    ``ChildFailed``. ``event`` and ``config`` are its inputs of these names; ``inputs``
    are all of them, where they are given so."""

    task_id: int
    step: str
    definition: str
    event: Any = None
    config: Any = None
    inputs: Any = None


@dataclass(frozen=True, slots=True)
class SetDeadline:
    """The caller owes a ``DeadlineReached`` at or after ``at``."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CancelOpenWork:
    """Pending jobs vanish, claimed ones are told to stop, open waits are closed."""


@dataclass(frozen=True, slots=True)
class RecordRunEvent:
    """One line of the run's timeline."""

    type: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FinishRun:
    """The run reached ``status``, which is final. ``result`` None means no output.

    ``stop_reason`` says in a word why, also where the status alone does not.
    """

    status: RunStatus
    stop_reason: str
    result: Any = None
    error_type: str = ""
    error_message: str = ""


Decision = (
    EnqueueJob
    | OpenWait
    | CloseWait
    | RequestInteraction
    | SubscribeEvent
    | StartChild
    | SetDeadline
    | CancelOpenWork
    | RecordRunEvent
    | FinishRun
)
