"""Stories of questions that fail, and of signals that must not answer them."""

from typing import Any

import pytest

from apps.engine.decisions import (
    CloseWait,
    EnqueueJob,
    FinishRun,
    OpenWait,
    RequestInteraction,
)
from apps.engine.inputs import (
    InteractionFailed,
    InteractionResolved,
    ResumeRequested,
    RetryRequested,
    TimerFired,
)
from tests.engine.stories import HOUR, NINE, Story, action, spec_of

CAUGHT = {
    "catch": [{"error_equals": ["no_one_to_ask"], "next": "rescue", "store": "e"}]
}
NOBODY = InteractionFailed(NINE, 1, "no_one_to_ask", "the group g has no members")


def ask(**more: Any) -> dict[str, Any]:
    block = {
        "type": "approval",
        "message": "ok?",
        "target": {"type": "group", "id": "g"},
        "timeout": "24h",
        **more.pop("block", {}),
    }
    return {"name": "ask", "interaction": block, **more}


def test_a_question_that_reaches_nobody_fails_its_step_and_the_run() -> None:
    story = Story(spec_of(ask(), action("never"))).tell(NOBODY)

    assert story.status == "failed"
    assert story.asked[0] == CloseWait(1, "failed")
    assert story.events == ["step.failed", "run.failed"]
    assert story.event("step.failed") == {
        "step": "ask",
        "error": "the group g has no members",
        "error_type": "no_one_to_ask",
    }
    assert story.the(FinishRun).error_type == "no_one_to_ask"


def test_the_failure_can_be_caught() -> None:
    rescue = action("rescue", parameters={"why": "${state.e.Cause}"})
    story = Story(spec_of(ask(**CAUGHT), action("never"), rescue)).tell(NOBODY)

    job = story.the(EnqueueJob)
    assert (job.step, job.parameters) == ("rescue", {"why": NOBODY.message})
    assert story.decided(CloseWait) == [CloseWait(1, "failed")]
    assert story.events == [
        "run.resumed",
        "step.failed",
        "step.started",
        "action.called",
    ]
    assert story.event("run.resumed") == {"step": "ask", "reason": "interaction"}


def test_a_timeout_can_be_caught_too() -> None:
    catch = [{"error_equals": ["timeout"], "next": "rescue"}]
    spec = spec_of(ask(catch=catch), action("never"), action("rescue"))

    story = Story(spec).tell(TimerFired(NINE + 24 * HOUR, 1))

    assert story.the(EnqueueJob).step == "rescue"


def test_a_catch_for_other_errors_does_not_catch_it() -> None:
    catch = [{"error_equals": ["timeout"], "next": "rescue"}]
    story = Story(spec_of(ask(catch=catch), action("rescue"))).tell(NOBODY)

    assert story.the(FinishRun).error_type == "no_one_to_ask"


def test_on_timeout_is_not_the_way_out_of_a_failure() -> None:
    step = ask(block={"on_timeout": "late"})

    assert Story(spec_of(step, action("late"))).tell(NOBODY).status == "failed"


def test_a_failure_without_a_name_still_has_one() -> None:
    story = Story(spec_of(ask())).tell(InteractionFailed(NINE, 1, "", "oh no"))

    assert story.the(FinishRun).error_type == "error"


@pytest.mark.parametrize(
    "first",
    [
        InteractionResolved(NINE, 1, {"value": True}),
        TimerFired(NINE + 24 * HOUR, 1),
        NOBODY,
    ],
)
def test_a_failure_that_comes_late_or_again_changes_nothing(first: Any) -> None:
    block = {"on_timeout": "rescue"}
    spec = spec_of(ask(**CAUGHT, block=block), action("rescue"))
    story = Story(spec).tell(first)
    before = story.state

    assert story.tell(NOBODY).asked == ()
    assert story.state == before


def test_nothing_answers_a_question_that_failed() -> None:
    story = Story(spec_of(ask(**CAUGHT), action("rescue"))).tell(NOBODY)

    story.tell(InteractionResolved(NINE, 1, True), TimerFired(NINE + 24 * HOUR, 1))

    assert story.asked == ()
    assert story.tasks == {2}


def test_a_failure_of_something_else_is_ignored() -> None:
    story = Story(spec_of({"name": "hold", "pause": {}}, action("a"))).tell(NOBODY)
    assert (story.status, story.asked) == ("suspended", ())

    story.tell(ResumeRequested(NINE), InteractionFailed(NINE, 2, "x", "y"))
    assert (story.status, story.asked) == ("queued", ())


def test_a_retry_of_the_run_asks_again_and_forgets_the_failure() -> None:
    story = Story(spec_of(ask())).tell(NOBODY, RetryRequested(NINE + HOUR))

    assert story.status == "suspended"
    assert story.the(OpenWait).task_id == story.the(RequestInteraction).task_id == 2
    assert story.tell(NOBODY).asked == ()


def test_a_failure_inside_an_each_keeps_the_item_for_a_retry() -> None:
    step = ask(each={"items": ["a", "b"]}, block={"message": "${state.item}?"})
    story = Story(spec_of(step)).tell(InteractionResolved(NINE, 1, 1))

    story.tell(InteractionFailed(NINE, 2, "x", "y"), RetryRequested(NINE))

    assert story.the(RequestInteraction).config["message"] == "b?"


def test_a_signal_answers_unless_the_initiator_is_barred() -> None:
    after = {"name": "w", "wait_signal": {"topic": "ask", "timeout": "1h"}}
    barred = ask(block={"exclude_initiator": True})
    story = Story(spec_of(barred, after))

    story.signal("ask", {"value": True})
    assert (story.status, story.asked) == ("suspended", ())
    assert [kept.name for kept in story.state.signals] == ["ask"]

    story.tell(InteractionResolved(NINE, 1, {"value": False}))
    assert story.status == "completed"
    assert story.result == {"value": True}
    assert story.state.signals == ()


def test_a_signal_passes_a_barred_question_and_reaches_who_waits_behind_it() -> None:
    fork = action(
        "s", next=[{"step": "ask", "branch": "a"}, {"step": "w", "branch": "b"}]
    )
    listens = {"name": "w", "wait_signal": {"topic": "ask", "timeout": "1h"}}
    barred = ask(block={"exclude_initiator": True})
    story = Story(spec_of(fork, barred, listens)).claim(1).complete(1)

    story.signal("ask", 7)

    assert story.the(CloseWait).task_id == 3
    assert story.tasks == {2}


@pytest.mark.parametrize("barred", [False, None])
def test_a_question_bars_nobody_by_itself(barred: bool | None) -> None:
    story = Story(spec_of(ask(block={"exclude_initiator": barred})))

    assert story.signal("ask", 1).status == "completed"
