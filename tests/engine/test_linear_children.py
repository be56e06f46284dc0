"""Steps that start a run of another definition."""

from typing import Any

import pytest

from apps.engine.decisions import FinishRun, StartChild
from apps.engine.inputs import ChildFailed, InteractionResolved
from tests.engine.linear_stories import begin, call, child, nap, retry, started
from tests.engine.stories import NINE

NOT_FOUND = ChildFailed(NINE, 1, "not_found", "definition other not found")


def test_a_child_is_asked_for_and_nothing_else_is_waited_for() -> None:
    story = begin(child(), call("b"), event={"n": 1})

    assert story.the(StartChild) == StartChild(1, "call", "other", {"n": 1}, None)
    assert story.events == ["run.started", "step.started"]
    assert (story.status, story.tasks) == ("queued", {1})

    story.tell(started())
    assert story.events == ["step.completed", "step.started", "action.called"]
    assert story.event("step.completed")["output"] == {"run_id": "run_child"}
    assert story.complete(2).result == {"call": {"run_id": "run_child"}, "b": None}


def test_a_child_gets_the_event_and_the_config_it_is_given() -> None:
    config: dict[str, Any] = {
        "event": {"id": "{{ event.n }}"},
        "config": {"to": "x{{ event.n }}"},
    }
    story = begin(child(loop_id="loop-{{ event.n }}", **config), event={"n": 1})

    asked = story.the(StartChild)
    assert (asked.definition, asked.event) == ("loop-1", {"id": 1})
    assert asked.config == {"to": "x1"}


@pytest.mark.parametrize("event", [None, 5, "x"])
def test_the_event_of_a_child_may_be_anything(event: Any) -> None:
    assert begin(child(), inputs={"event": event}).the(StartChild).event == event


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"loop_id": "{{ event.none }}"},
            "is blank or too long",
        ),
        (
            {"loop_id": "{{ event.long }}"},
            "is blank or too long",
        ),
        ({"loop_id": "{{ event.text.part }}"}, "has no part"),
        ({"event": {"n": "{{ event.text + 1 }}"}}, "no + between"),
        ({"config": {"n": "{{ event.text + 1 }}"}}, "no + between"),
        ({"condition": "event.text > 1"}, "no > between"),
    ],
)
def test_a_child_that_cannot_be_said_fails_the_step(
    config: dict[str, Any], message: str
) -> None:
    story = begin(child(**config), event={"text": "x", "long": "x" * 129})

    assert story.events == ["run.started", "step.started", "step.failed", "run.failed"]
    finish = story.the(FinishRun)
    assert finish.error_type == "expression_error"
    assert message in finish.error_message
    assert story.decided(StartChild) == []


@pytest.mark.parametrize(
    ("outer", "inner", "starts"),
    [
        ("event.n == 1", "event.n == 1", True),
        ("event.n == 1", "false", False),
        ("false", "event.n == 1", False),
        ("false", "event.n > 'text'", False),
    ],
)
def test_both_conditions_of_a_child_must_hold(
    outer: str, inner: str, starts: bool
) -> None:
    story = begin({**child(condition=inner), "if": outer}, event={"n": 1})

    assert bool(story.decided(StartChild)) is starts
    if not starts:
        assert story.events == ["run.started", "step.skipped", "run.completed"]
        assert story.event("step.skipped")["kind"] == "loop"


def test_a_child_that_cannot_be_started_fails_the_step() -> None:
    story = begin(child(), call("b")).tell(NOT_FOUND)

    assert story.events == ["step.failed", "run.failed"]
    finish = story.the(FinishRun)
    assert (finish.error_type, finish.stop_reason) == ("not_found", "step_failed")
    assert story.tell(NOT_FOUND, started()).asked == ()


def test_an_answer_that_comes_twice_or_late_changes_nothing() -> None:
    story = begin(child(), child("again")).tell(started())

    assert story.tell(started(), NOT_FOUND).asked == ()
    assert story.tasks == {2}


def test_only_a_child_is_answered_like_one() -> None:
    story = begin(call(), nap())
    assert story.tell(started(), NOT_FOUND).asked == ()

    story.complete(1)
    assert story.tell(started(2), ChildFailed(NINE, 2, "x", "y")).asked == ()
    other = begin(child())
    assert other.tell(InteractionResolved(NINE, 1, True)).asked == ()


def test_a_child_that_nobody_answered_for_is_asked_for_anew() -> None:
    failed = begin(child(), call("b")).tell(NOT_FOUND, retry())
    assert failed.events == ["run.resumed", "step.retried"]
    assert failed.the(StartChild).task_id == 2
    assert failed.tell(started(1)).asked == ()
    assert failed.tell(started(2)).status == "queued"
