"""The table: which input of the engine a source event becomes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from random import SystemRandom
from typing import Any, Final, NamedTuple

from apps.actions.services.settle import settle_invocation
from apps.engine.inputs import (
    DeadlineReached,
    Input,
    InteractionFailed,
    InteractionResolved,
    JobClaimed,
    JobCompleted,
    JobFailed,
    JobLost,
    ResumeRequested,
    RunCreated,
    SignalSent,
    TimerFired,
)
from apps.interactions.services.callback import call_subscriber
from apps.interactions.services.remind import act_on_time
from apps.jobs.owners import is_invocation
from apps.runs.services.settle_definition import settle_definition
from apps.runs.services.start_child import start_child
from apps.source_events.catalog import SIGNAL_PREFIX, Internal, Public, entry_of
from apps.triggers.services.handle import handle_request, handle_slot
from apps.triggers.services.settle import settle_due

_random = SystemRandom()

#: The type of error of a step whose question reaches nobody; specs can catch it.
NOBODY_TO_ASK: Final = "NobodyToAsk"


class DueEvent(NamedTuple):
    """A source event in the dispatcher's hands."""

    id: str
    event_type: str
    run_id: str
    event: Mapping[str, Any]
    failures: int
    traceparent: str | None = None


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
    """The answer to a step's question is its output; to others it is a signal."""
    if event["task_id"] is None:
        name, id_ = event["signal_name"], event["interaction_id"]
        return SignalSent(now, id_, name, event["response"])
    return InteractionResolved(now, event["task_id"], event["response"])


def _unanswerable(event: Mapping[str, Any], now: datetime) -> Input:
    return InteractionFailed(now, event["task_id"], NOBODY_TO_ASK, event["message"])


READERS: Final[Mapping[str, Reader]] = {
    Internal.RUN_BEGIN: lambda event, now: RunCreated(now, event.get("credit_budget")),
    Internal.RUN_DEADLINE: lambda event, now: DeadlineReached(now),
    Internal.RUN_RESUME: lambda event, now: ResumeRequested(now),
    Internal.WAIT_DUE: lambda event, now: TimerFired(now, event["task_id"]),
    Internal.JOB_CLAIMED: _claimed,
    Internal.JOB_COMPLETED: _completed,
    Internal.JOB_FAILED: _failed,
    Internal.LEASE_LOST: _lost,
    Public.INTERACTION_RESOLVED: _answered,
    Internal.INTERACTION_CANCELLED: _answered,
    Internal.INTERACTION_UNANSWERABLE: _unanswerable,
}

#: What events that move no run have done. Each in a transaction of its own: they lock
#: questions, which come after runs in the lock order, or triggers, which come before,
#: or start runs for others.
ERRANDS: Final[Mapping[str, Callable[[Mapping[str, Any], datetime], None]]] = {
    Internal.INTERACTION_DUE: act_on_time,
    Internal.INTERACTION_CALLBACK: call_subscriber,
    Internal.SCHEDULE_FIRED: handle_slot,
    Internal.HTTP_FIRED: handle_request,
    Internal.TRIGGER_DUE: settle_due,
    Internal.CHILD_WANTED: start_child,
    Internal.DEFINITION_DUE: settle_definition,
}


Errand = Callable[[Mapping[str, Any], datetime], None]


def errand_of(event: DueEvent) -> Errand | None:
    """Return what an event has done beside runs; news of jobs that belong to no run go
    to the call that they are of."""
    if is_invocation(event.run_id):
        return partial(settle_invocation, event.run_id, event.event_type)
    return ERRANDS.get(event.event_type)


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
    entry = entry_of(event.event_type)
    if event.event_type not in READERS and entry is not None and entry.public:
        return None  # tells of the run, and moves others
    return READERS[event.event_type](event.event, now)
