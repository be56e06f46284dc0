"""Random automations and loops, and what may happen to their runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from apps.engine import RunState, Spec
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
from apps.engine.state import FINISHED
from tests.engine.linear_stories import parsed
from tests.engine.stories import NINE

SOURCES = [
    *("true", "false", "event.n > 2", "inputs.n == 1", "steps[0].output.v == 1"),
    *("steps.s1.output > 2", "context.s0.v", "steps[9].output", "event.s.part"),
]
TEXTS = ["plain", "{{ steps[0].output }}", "n: ${{ event.n }}", "{{ event.s.part }}"]
LIMIT = {"duration": "1h"}
SKIPS = {"duration": "1h", "on_timeout": "skip"}
ASKED = {"protocol": "request_approval", "targets": ["prin_x"]}
WAIT = {"event_type": "x.y"}


def _action(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(st.sampled_from(TEXTS))
    return {
        "kind": "action",
        "config": {"action_name": "do", "parameters": {"p": text}},
        "retry": {"max_attempts": draw(st.integers(1, 3))},
    }


def _wait(draw: st.DrawFn) -> dict[str, Any]:
    condition = draw(st.sampled_from(["", "event.n > 2", "event.n > inputs.n"]))
    mapping = draw(st.sampled_from([{}, {"v": "event.n"}, {"v": "event.n.part"}]))
    retried = draw(st.sampled_from([{}, {"retry": {"max_attempts": 2}}]))
    kind = draw(st.sampled_from(["x.y", "signal.go"]))
    config = {"event_type": kind, "condition": condition, "payload_mapping": mapping}
    return {"kind": "wait_for_event", "config": config, **retried}


def _question(draw: st.DrawFn) -> dict[str, Any]:
    prompt = draw(st.sampled_from(TEXTS))
    return {"kind": "interaction", "config": {**ASKED, "prompt": prompt}}


def _check(draw: st.DrawFn) -> dict[str, Any]:
    on_fail = draw(st.sampled_from(["fail", "continue", "gate"]))
    source = draw(st.sampled_from(SOURCES))
    config: dict[str, Any] = {
        "checks": [{"name": "c", "kind": "expr", "expr": source}],
        "on_fail": on_fail,
    }
    if on_fail == "gate":
        prompt = draw(st.sampled_from(TEXTS))
        config["gate"] = {"targets": ["prin_x"], "prompt": prompt}
    return {"kind": "check", "config": config}


def _child(draw: st.DrawFn) -> dict[str, Any]:
    config = {"loop_id": draw(st.sampled_from(["other", *TEXTS[1:]]))}
    if draw(st.booleans()):
        config["condition"] = draw(st.sampled_from(SOURCES))
    return {"kind": "loop", "config": config}


def _sleep(draw: st.DrawFn) -> dict[str, Any]:
    times = [{"duration": "1h"}, {"until": "{{ event.at }}"}, {"until": TEXTS[1]}]
    return {"kind": "sleep", "config": draw(st.sampled_from(times))}


def _agent(draw: st.DrawFn) -> dict[str, Any]:
    return {"kind": "agent", "config": {"instructions": "Think"}}


KINDS: list[Callable[[st.DrawFn], dict[str, Any]]] = [
    *(_action, _action, _wait, _question, _check, _check, _child, _sleep, _agent),
]


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Draw up to five steps of any kind, with limits and an output now and then."""
    steps = []
    for index in range(draw(st.integers(1, 5))):
        step = draw(st.sampled_from(KINDS))(draw)
        if draw(st.booleans()):
            step["id"] = f"s{index}"
        if draw(st.integers(0, 3)) == 0:
            step["if"] = draw(st.sampled_from(SOURCES))
        if step["kind"] in ("wait_for_event", "interaction") and draw(st.booleans()):
            step["timeout"] = draw(st.sampled_from([LIMIT, SKIPS]))
        steps.append(step)
    more: dict[str, Any] = {"limits": {}}
    if draw(st.booleans()):
        more["limits"]["wall_clock_timeout"] = "5m"
    if draw(st.booleans()):
        more["limits"]["budget_usd"] = 0.15
    if draw(st.booleans()):
        more["output"] = {"v": draw(st.sampled_from(TEXTS))}
    return parsed({"steps": steps, **more})


JSON: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, 7, "x", True, {"v": 1}, {"value": True}, [{"v": {}}]]
)


@st.composite
def received(draw: st.DrawFn) -> Input:
    """Draw any input for any task, at any time: late, early, or meant for nobody."""
    at = NINE + timedelta(minutes=draw(st.sampled_from([0, 1, 4, 6, 70, 9999])))
    task, attempt = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    value, number = draw(JSON), draw(st.integers(1, 4))
    news = Envelope("x.y", "", {"n": number}, {})
    options: list[Input] = [
        RunCreated(at, draw(st.sampled_from([None, 20.0]))),
        JobClaimed(at, task, attempt),
        JobCompleted(at, task, attempt, value),
        JobFailed(at, task, attempt, "budget_exceeded", "oh no"),
        JobLost(at, task, attempt),
        TimerFired(at, task),
        SignalSent(at, f"sig_{number}", "go", value),
        EventReceived(at, task, f"evt_{number}", news),
        InteractionResolved(at, task, value),
        InteractionFailed(at, task, "broken", "nobody is there"),
        ResumeRequested(at),
        CancelRequested(at, replaced=draw(st.booleans())),
        RetryRequested(at),
        RetryRequested(at, extend=timedelta(minutes=9), credit_budget=99),
        StepResumed(at, draw(st.sampled_from(["0", "s1", "s2"])), value),
        ChildStarted(at, task, "run_child"),
        ChildFailed(at, task, "gone", "there is none"),
        DeadlineReached(at),
        UsageReported(at, "tokens", 1, 0.1 * number, {"step": "0"}),
    ]
    return draw(st.sampled_from(options))


def likely(state: RunState, turn: int) -> list[Input]:
    """Return what could really come next."""
    now = NINE + timedelta(seconds=turn)
    later = now + timedelta(hours=9)
    if state.status in FINISHED:
        return [RetryRequested(now), RetryRequested(later, extend=timedelta(hours=1))]
    found: list[Input] = [UsageReported(now, "tokens", 1, 4), DeadlineReached(now)]
    for task_id, path in state.tasks().items():
        assert path.task is not None
        attempt = path.task.attempt
        found += [
            JobClaimed(now, task_id, attempt),
            JobCompleted(now, task_id, attempt, {"v": turn % 3}),
            JobFailed(now, task_id, attempt, "broken", "oh no"),
            JobLost(now, task_id, attempt),
            TimerFired(later, task_id),
            EventReceived(
                now, task_id, f"evt_{turn}", Envelope("x.y", "", {"n": 3}, {})
            ),
            InteractionResolved(now, task_id, {"value": turn % 2 == 0}),
            InteractionFailed(now, task_id, "broken", "nobody is there"),
            StepResumed(now, path.step, turn),
            ChildStarted(now, task_id, "run_child"),
            ChildFailed(now, task_id, "gone", "there is none"),
            SignalSent(now, f"sig_{turn}", "go", {"n": turn}),
        ]
    return found
