"""Failed runs that go on in place, from every kind of step they can fail at."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine.decisions import EnqueueJob, OpenWait, RequestInteraction, StartChild
from apps.engine.events import Envelope
from apps.engine.inputs import (
    CancelRequested,
    ChildFailed,
    EventReceived,
    Input,
    InteractionFailed,
    JobCompleted,
    JobFailed,
    StepResumed,
    TimerFired,
)
from tests.engine.linear_stories import (
    NO,
    YES,
    answer,
    ask,
    begin,
    call,
    check,
    child,
    gate,
    nap,
    paid,
    retry,
    started,
    step,
    time_is_up,
    used,
)
from tests.engine.stories import HOUR, NINE, Story

ONCE: dict[str, Any] = {"retry": {"max_attempts": 1}}
LIMITS = {"limits": {"wall_clock_timeout": "1h", "credit_budget": 10}}
BROKEN = {"prompt": "{{ event.text.part }}"}
TIMEOUT = {"duration": "1m"}
AGENT = step("agent", {"instructions": "Think"}, "agent")
NEWS = Envelope("custom.paid", "", {"text": "x"}, {})
MAPPING = {"payload_mapping": {"n": "event.text.part"}}
MINUTE = timedelta(minutes=1)

#: A step that fails, and what makes it fail; nothing where it does so by itself.
FAILING: dict[str, tuple[dict[str, Any], Input | None]] = {
    "action": (call("x", **ONCE), JobFailed(NINE, 2, 1, "broken", "oh no")),
    "parameters": (call("x", parameters={"n": BROKEN["prompt"]}), None),
    "condition": (nap("x", **{"if": "event.text > 1"}), None),
    "until": (step("sleep", {"until": BROKEN["prompt"]}, "x"), None),
    "event": (paid("x", timeout=TIMEOUT), TimerFired(NINE + HOUR, 2)),
    "mapping": (paid("x", config=MAPPING), EventReceived(NINE, 2, "evt_1", NEWS)),
    "question": (ask("x", timeout=TIMEOUT), TimerFired(NINE + HOUR, 2)),
    "nobody": (ask("x"), InteractionFailed(NINE, 2, "NobodyToAsk", "nobody")),
    "asking": (ask("x", config=BROKEN), None),
    "check": (check("false", key="x"), None),
    "gate": (gate("false", key="x"), answer(NO, 2)),
    "gate-nobody": (
        gate("false", key="x"),
        InteractionFailed(NINE, 2, "NobodyToAsk", "nobody"),
    ),
    "gate-asking": (gate("false", key="x", **BROKEN), None),
    "child": (child("x"), ChildFailed(NINE, 2, "not_found", "gone")),
    "child-name": (child("x", loop_id=BROKEN["prompt"]), None),
    "agent": ({**AGENT, "id": "x"}, None),
}


def failed_at(name: str) -> Story:
    """A run that has failed at its second step."""
    authored, blow = FAILING[name]
    story = begin(call("first"), authored, call("last"), event={"text": "x"})
    story.complete(1, "done")
    if blow is not None:
        assert story.status != "failed"
        story.tell(blow)
    assert story.status == "failed"
    return story


@pytest.mark.parametrize("name", sorted(FAILING))
def test_a_failed_run_goes_on_at_the_step_that_failed(name: str) -> None:
    story = failed_at(name)
    before = story.state

    story.tell(retry(action="resume", reason="try again"))

    assert story.event("run.resumed") == {
        "step": "x",
        "reason": "try again",
        "attempt": 2,
        "recovery_action": "resume",
    }
    assert story.events[:2] == ["run.resumed", "step.retried"]
    told = story.event("step.retried")
    assert (told["step"], told["attempt"]) == ("x", 2)
    assert told["retry_scope"] == "run_recovery"
    assert story.state.attempt == 2
    assert story.state.paths["main"].variables == {"first": "done"}
    assert story.state.next_task_id >= before.next_task_id


@pytest.mark.parametrize("name", sorted(FAILING))
def test_what_failed_by_itself_fails_again_and_what_did_not_gets_a_new_task(
    name: str,
) -> None:
    _, blow = FAILING[name]
    story = failed_at(name).tell(retry())

    if blow is None:
        assert story.status == "failed"
        assert story.events[-1] == "run.failed"
        assert story.tell(retry()).asked == ()  # the same retry, delivered again
        assert story.tell(retry(2 * HOUR)).state.attempt == 3
    else:
        assert story.status in ("queued", "suspended")
        assert min(story.tasks) > 2
        assert story.tell(blow).asked == ()


def test_finished_steps_do_not_run_again() -> None:
    story = begin(call("a"), call("b", **ONCE), call("c")).complete(1, 1).fail(2)

    story.tell(retry())
    assert story.the(EnqueueJob).step == "b"
    story.complete(3, 2).complete(4, 3)

    assert (story.status, story.result) == ("completed", {"a": 1, "b": 2, "c": 3})


def test_a_gate_is_put_again_and_old_answers_do_not_count() -> None:
    story = failed_at("gate").tell(retry())

    assert story.status == "suspended"
    assert story.the(RequestInteraction).task_id == 3
    assert story.tell(answer(YES, 2)).asked == ()
    story.tell(answer(YES, 3))
    assert story.event("step.completed")["output"]["overridden"] is True


def test_a_child_is_asked_for_again_and_an_old_answer_does_not_count() -> None:
    story = failed_at("child").tell(retry())

    assert story.the(StartChild).task_id == 3
    assert story.tell(started(2)).asked == ()
    assert story.tell(started(3)).the(EnqueueJob).step == "last"


def test_an_event_that_made_a_step_fail_is_not_taken_again() -> None:
    story = failed_at("mapping").tell(retry())

    assert story.tell(EventReceived(NINE, 3, "evt_1", NEWS)).asked == ()
    assert story.tell(StepResumed(NINE, "x", 1)).the(EnqueueJob).step == "last"


def test_a_wait_is_opened_anew_with_all_its_time() -> None:
    story = failed_at("event").tell(retry(5 * HOUR))

    assert story.the(OpenWait).due_at == NINE + 5 * HOUR + MINUTE
    assert story.tell(TimerFired(NINE + 9 * HOUR, 2)).asked == ()


def test_an_output_without_a_value_fails_again() -> None:
    output = {"n": "{{ steps.a.output.n }}"}
    story = begin(call(), output=output).complete(1, "text")

    story.tell(retry())
    assert story.events == ["run.resumed", "run.failed"]
    assert (story.state.attempt, story.tasks) == (2, set())
    assert story.tell(retry()).asked == ()
    assert story.tell(retry(2 * HOUR)).events == ["run.resumed", "run.failed"]


@pytest.mark.parametrize(
    ("authored", "again"),
    [
        (call("x"), EnqueueJob),
        (nap("x"), OpenWait),
        (paid("x"), OpenWait),
        (ask("x"), OpenWait),
        (gate("false", key="x"), OpenWait),
        (child("x"), StartChild),
    ],
)
@pytest.mark.parametrize(
    ("blow", "more"),
    [(time_is_up(), {"extend": HOUR}), (used(11), {"credit_budget": 20.0})],
)
def test_a_run_beyond_a_limit_goes_on_with_more_of_it_wherever_it_stood(
    authored: dict[str, Any], again: type[Any], blow: Input, more: dict[str, Any]
) -> None:
    story = begin(authored, **LIMITS).tell(blow)
    assert (story.status, story.tasks) == ("failed", set())
    after = timedelta(0) if "credit_budget" in more else HOUR

    assert story.tell(retry(after)).asked == ()
    story.tell(retry(after, **more))

    assert story.the(again).task_id == 2
    assert story.tasks == {2}
    assert story.tell(JobCompleted(NINE, 1, 1), started(1), answer(YES, 1)).asked == ()


def test_deadlines_of_before_are_harmless() -> None:
    story = begin(call(), **LIMITS).tell(time_is_up())
    story.tell(retry(HOUR, extend=HOUR))

    assert story.tell(time_is_up(), time_is_up(HOUR + MINUTE)).asked == ()
    assert story.tell(time_is_up(2 * HOUR)).status == "failed"


def test_only_failed_runs_go_on() -> None:
    for other in (
        begin(call()),
        begin(nap()),
        begin(call()).claim(1),
        begin(call()).complete(1),
        begin(call()).tell(CancelRequested(NINE)),
    ):
        assert other.tell(retry(extend=HOUR, credit_budget=9.0)).asked == ()


def test_a_retry_says_what_it_is_where_nobody_said_why() -> None:
    story = failed_at("action").tell(retry())

    assert story.event("run.resumed") == {
        "step": "x",
        "reason": "retry",
        "attempt": 2,
        "recovery_action": "retry",
    }
