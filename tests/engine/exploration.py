"""Visit every state a small spec can reach, and every input in each of them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from apps.engine import RunState, Spec, Transition, advance, encode_state
from apps.engine.events import Envelope
from apps.engine.inputs import (
    CancelRequested,
    ChildFailed,
    ChildStarted,
    DeadlineReached,
    EventReceived,
    Input,
    InteractionFailed,
    InteractionResolved,
    JobClaimed,
    JobCompleted,
    JobFailed,
    JobLost,
    ResumeRequested,
    RetryRequested,
    RunCreated,
    SignalSent,
    StepResumed,
    TimerFired,
    UsageReported,
)
from tests.engine.stories import NINE

LATER = NINE + timedelta(days=400)
LATEST = LATER + timedelta(days=400)


class Move(NamedTuple):
    """One edge of the state graph."""

    before: RunState
    received: Input
    after: Transition


def alphabet(state: RunState) -> Iterator[Input]:
    """Yield every input that could come in ``state``, and some that come too late.

    Due times never pass by themselves: a timer fires at an instant after all of them.
    """
    yield RunCreated(NINE)
    for task_id in range(1, state.next_task_id + 1):
        path = state.tasks().get(task_id)
        attempt = path.task.attempt if path is not None and path.task else 1
        yield JobClaimed(NINE, task_id, attempt)
        yield JobCompleted(NINE, task_id, attempt, task_id)
        yield JobFailed(NINE, task_id, attempt, "broken", "oh no")
        yield JobLost(NINE, task_id, attempt)
        yield TimerFired(NINE, task_id)
        yield TimerFired(LATEST, task_id)
        yield InteractionResolved(NINE, task_id, True)
        yield InteractionResolved(NINE, task_id, {"value": True})
        yield ChildStarted(NINE, task_id, "run_child")
        yield ChildFailed(NINE, task_id, "gone", "there is no such definition")
        yield InteractionFailed(NINE, task_id, "broken", "nobody is there")
        for number in (1, 2):
            news = Envelope("custom.go", "", {"n": number}, {})
            yield EventReceived(NINE, task_id, f"evt_{number}", news)
    yield SignalSent(NINE, "sig_1", "go", 1)
    yield SignalSent(NINE, "sig_2", "ask", 2)
    yield ResumeRequested(NINE)
    yield ResumeRequested(LATER)
    for step in sorted({path.step for path in state.paths.values()}):
        yield StepResumed(NINE, step, "by hand")
    yield CancelRequested(NINE)
    yield CancelRequested(NINE, replaced=True)
    yield DeadlineReached(NINE)
    yield DeadlineReached(LATEST)
    yield UsageReported(NINE, "tokens", 1, 0 if state.budget is None else 6)
    if state.attempt < 2:
        yield RetryRequested(NINE)
        if state.budget is not None:
            yield RetryRequested(LATER, extend=timedelta(hours=1), credit_budget=20)


def explore(spec: Spec) -> Iterator[Move]:
    """Yield every move, breadth first, each state once."""
    frontier = [RunState.begin({"n": 1})]
    seen = {key_of(frontier[0])}
    for state in frontier:
        for received in alphabet(state):
            after = advance(spec, state, received)
            yield Move(state, received, after)
            if key_of(after.state) not in seen:
                seen.add(key_of(after.state))
                frontier.append(after.state)


def key_of(state: RunState) -> str:
    """Return what tells one state from another."""
    return json.dumps(encode_state(state), sort_keys=True)
