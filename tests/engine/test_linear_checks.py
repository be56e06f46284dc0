"""Checks: what does not hold ends the run, or is noted, or is asked about."""

from typing import Any

import pytest

from apps.engine.checks import NO_JUDGE
from apps.engine.decisions import (
    CancelOpenWork,
    CloseWait,
    EnqueueJob,
    FinishRun,
    OpenWait,
    RequestInteraction,
    WaitKind,
)
from apps.engine.inputs import (
    InteractionFailed,
    ResumeRequested,
    StepResumed,
    TimerFired,
)
from tests.engine.linear_stories import NO, YES, answer, begin, call, check, gate, step
from tests.engine.stories import HOUR, NINE

PASS = {"name": "c0", "verdict": "pass"}
FAIL = {"name": "c1", "verdict": "fail"}


def test_a_check_that_holds_says_so_and_goes_on() -> None:
    story = begin(check("event.n > 1", "true"), event={"n": 2})

    assert story.events == [
        "run.started",
        "step.started",
        "step.completed",
        "run.completed",
    ]
    assert story.result == {
        "check": {"verdict": "pass", "checks": [PASS, {**FAIL, "verdict": "pass"}]}
    }


def test_what_does_not_hold_ends_the_run() -> None:
    story = begin(check("true", "event.n > 1", "false"), call(), event={"n": 1})

    assert story.events == ["run.started", "step.started", "step.failed", "run.failed"]
    finish = story.the(FinishRun)
    assert (finish.stop_reason, finish.error_type) == ("check_failed", "check_failed")
    assert finish.error_message == "check: c1, c2 did not hold"


def test_what_does_not_hold_may_be_noted_only() -> None:
    config = {"verdict": "{{ steps.check.output.verdict }}"}
    story = begin(check("true", "false", on_fail="continue"), call(parameters=config))

    assert story.the(EnqueueJob).parameters == {"verdict": "fail"}
    assert story.event("step.completed")["output"] == {
        "verdict": "fail",
        "checks": [PASS, FAIL],
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("event.text > 5", "no > between string and number"),
        ("event.text.part", "a string has no part"),
        ("steps[true].output", "the index of an array is no boolean"),
        ("1 / event.zero", "division by zero"),
        ("event.huge * event.huge", "too large a number"),
    ],
)
def test_an_assertion_without_a_value_does_not_hold(source: str, message: str) -> None:
    event = {"text": "x", "zero": 0, "huge": 2**62}
    story = begin(check(source, "true", on_fail="continue"), event=event)

    first, second = story.result["check"]["checks"]
    assert first["verdict"] == "fail"
    assert message in first["error"]
    assert second == {"name": "c1", "verdict": "pass"}


def test_nobody_judges_for_an_agent() -> None:
    checks = [{"name": "nice", "kind": "agent", "prompt": "Is it?"}]
    story = begin(step("check", {"checks": checks, "on_fail": "continue"}))

    assert story.result["a"]["checks"] == [
        {"name": "nice", "verdict": "fail", "error": NO_JUDGE}
    ]


def test_a_gate_is_not_asked_where_all_holds() -> None:
    story = begin(gate("true"))

    assert (story.status, story.decided(RequestInteraction)) == ("completed", [])


def test_a_gate_asks_about_what_does_not_hold() -> None:
    story = begin(gate("true", "event.n > 5", prompt="{{ event.n }}?"), event={"n": 1})

    assert story.status == "suspended"
    assert story.events == [
        "run.started",
        "step.started",
        "wait.opened",
        "step.suspended",
        "run.suspended",
    ]
    assert story.event("step.suspended")["kind"] == "check"
    assert story.the(OpenWait) == OpenWait(1, "check", "main", WaitKind.INTERACTION)
    assert story.the(RequestInteraction).config == {
        "type": "approval",
        "message": "1?",
        "targets": ["prin_x"],
        "spec": {"mode": "confirm"},
        "context": {"failed": ["c1"], "checks": [PASS, FAIL]},
    }


def test_an_approval_overrides_and_is_kept() -> None:
    story = begin(gate("false"), call()).tell(answer(YES))

    assert story.asked[0] == CloseWait(1, "resumed")
    assert story.events == [
        "wait.resumed",
        "step.resumed",
        "run.resumed",
        "step.completed",
        "step.started",
        "action.called",
    ]
    assert story.event("step.completed")["output"] == {
        "verdict": "fail",
        "checks": [{"name": "c0", "verdict": "fail"}],
        "overridden": True,
        "decision": YES,
    }
    assert story.tell(answer(YES)).asked == ()


@pytest.mark.parametrize("response", [NO, None, True, "yes", [], {"value": "true"}, {}])
def test_anything_but_an_approval_ends_the_run(response: Any) -> None:
    story = begin(gate("false"), call()).tell(answer(response))

    assert story.events == ["wait.resumed", "step.resumed", "step.failed", "run.failed"]
    finish = story.the(FinishRun)
    assert (finish.stop_reason, finish.error_type) == ("gate_rejected", "gate_rejected")
    kinds = [type(decision) for decision in story.asked]
    assert kinds.index(CloseWait) < kinds.index(CancelOpenWork)


def test_a_gate_that_reaches_nobody_fails_the_step() -> None:
    story = begin(gate("false")).tell(InteractionFailed(NINE, 1, "NobodyToAsk", "none"))

    finish = story.the(FinishRun)
    assert (finish.stop_reason, finish.error_type) == ("step_failed", "NobodyToAsk")


def test_a_question_that_has_no_value_fails_the_step() -> None:
    story = begin(gate("false", prompt="{{ event.a.b }}"), event={"a": "x"})

    assert story.events == ["run.started", "step.started", "step.failed", "run.failed"]
    assert story.the(FinishRun).error_type == "expression_error"


def test_a_gate_waits_for_people_only() -> None:
    story = begin(gate("false"))

    for other in (
        TimerFired(NINE + 100 * HOUR, 1),
        ResumeRequested(NINE),
        StepResumed(NINE, "check", YES),
    ):
        assert story.tell(other).asked == ()
    assert story.signal("check", YES).asked == ()
    assert (story.status, story.tasks) == ("suspended", {1})


def test_the_name_of_a_step_is_no_template() -> None:
    story = begin({**gate("false"), "id": "is {{ event.n }} fine"})

    asked = story.the(RequestInteraction)
    assert asked.config["message"] == "is {{ event.n }} fine failed: go on?"
