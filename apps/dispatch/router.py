"""The table: which input of the engine a source event becomes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from random import SystemRandom
from typing import Any, Final, NamedTuple

from apps.engine.inputs import (
    Input,
    InteractionResolved,
    JobClaimed,
    JobCompleted,
    JobFailed,
    JobLost,
    ResumeRequested,
    RunCreated,
    TimerFired,
)
from apps.source_events.catalog import SIGNAL_PREFIX, Internal, Public

_random = SystemRandom()


class DueEvent(NamedTuple):
    """A source event in the dispatcher's hands."""

    id: str
    event_type: str
    run_id: str
    event: Mapping[str, Any]
    failures: int


Reader = Callable[[Mapping[str, Any], datetime], Input]


def _claimed(event: Mapping[str, Any], now: datetime) -> Input:
    return JobClaimed(now, event["task_id"], event["attempt"], event["worker_id"])


def _completed(event: Mapping[str, Any], now: datetime) -> Input:
    return JobCompleted(now, event["task_id"], event["attempt"], event["output"])


def _failed(event: Mapping[str, Any], now: datetime) -> Input:
    return JobFailed(
        now,
        event["task_id"],
        event["attempt"],
        event["error_type"],
        event["error"],
        _random.random(),
    )


def _lost(event: Mapping[str, Any], now: datetime) -> Input:
    return JobLost(now, event["task_id"], event["attempt"], _random.random())


def _answered(event: Mapping[str, Any], now: datetime) -> Input:
    return InteractionResolved(now, event["task_id"], event["response"])


READERS: Final[Mapping[str, Reader]] = {
    Internal.RUN_BEGIN: lambda event, now: RunCreated(now),
    Internal.RUN_RESUME: lambda event, now: ResumeRequested(now),
    Internal.WAIT_DUE: lambda event, now: TimerFired(now, event["task_id"]),
    Internal.JOB_CLAIMED: _claimed,
    Internal.JOB_COMPLETED: _completed,
    Internal.JOB_FAILED: _failed,
    Internal.LEASE_LOST: _lost,
    Public.INTERACTION_RESOLVED: _answered,
}


def is_signal(event_type: str) -> bool:
    """Say whether the event announces a signal; signals come from their own table."""
    return event_type.startswith(SIGNAL_PREFIX)


def input_of(event: DueEvent, now: datetime) -> Input | None:
    """Return the input an event becomes; None when it moves no run.

    Raises:
        KeyError: an event for a run of a type nobody reads: our defect.
    """
    if not event.run_id or is_signal(event.event_type):
        return None
    return READERS[event.event_type](event.event, now)
