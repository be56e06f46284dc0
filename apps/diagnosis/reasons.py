"""Reasons why a run stands where it stands: a code for programs, words for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Every reason there is; the causes of others come first."""

    DISPATCHER_DOWN = "dispatcher_down"
    EVENT_FAILING = "event_failing"
    NOT_BEGUN = "not_begun"
    LOOP_POLICY = "loop_policy"
    STARTING_CHILD = "starting_child"
    EVENT_NOT_DISPATCHED = "event_not_dispatched"
    STUCK = "stuck"
    NO_WORKER = "no_worker"
    LEASE_EXPIRED = "lease_expired"
    BACKING_OFF = "backing_off"
    WAITING_FOR_CLAIM = "waiting_for_claim"
    JOB_CLAIMED = "job_claimed"
    WAITING_FOR_INTERACTION = "waiting_for_interaction"
    WAITING_FOR_EVENT = "waiting_for_event"
    WAITING_FOR_SIGNAL = "waiting_for_signal"
    PAUSED = "paused"
    SLEEPING = "sleeping"
    WAITING_FOR_PATHS = "waiting_for_paths"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    JOB_STOPPING = "job_stopping"
    DEADLINE = "deadline"
    HOLDS_UP_TRIGGER = "holds_up_trigger"


_ORDER = {code: place for place, code in enumerate(Code)}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. ``since`` is when it began to hold, ``until`` when it ends by itself;
    ``details`` are facts as JSON values."""

    code: Code
    message: str
    path: str = ""
    step: str = ""
    since: datetime | None = None
    until: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> int:
        """Where it stands among others."""
        return _ORDER[self.code]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of a run at one instant."""

    run_id: str
    status: str
    summary: str
    reasons: tuple[Reason, ...]
    checked_at: datetime


def said(at: datetime) -> str:
    """Return an instant as messages say it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(since: datetime, now: datetime) -> str:
    """Return for how long something holds, as messages say it."""
    seconds = max((now - since).total_seconds(), 0.0)
    return f"{seconds:.1f} s" if seconds < 60 else f"since {said(since)}"
