"""Stories of sleeps, signals, pauses and interactions."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine import TooManySignals
from apps.engine.decisions import (
    CloseWait,
    EnqueueJob,
    FinishRun,
    OpenWait,
    RequestInteraction,
    WaitKind,
)
from apps.engine.inputs import (
    InteractionResolved,
    ResumeRequested,
    SignalSent,
    StepResumed,
    TimerFired,
)
from apps.engine.limits import SIGNALS_KEPT_MAX
from tests.engine.stories import HOUR, NINE, Story, action, spec_of

SLEEP = {"name": "nap", "sleep": {"duration": "1h"}}
PAUSE = {"name": "hold", "pause": {"reason": "ask ${inputs.who}"}}
ASK: dict[str, Any] = {
    "name": "ask",
    "interaction": {
        "type": "approval",
        "message": "Publish ${inputs.who}?",
        "target": {"type": "user", "id": "u1"},
        "timeout": "24h",
        "spec": {"mode": "confirm"},
    },
}


def wait(name: str = "w", **more: Any) -> dict[str, Any]:
    config = {"topic": "go", "timeout": "1h", "store": "got", **more}
    return {"name": name, "wait_signal": config}


def test_a_sleep_suspends_until_its_instant() -> None:
    story = Story(spec_of(SLEEP, action("a")))

    assert story.status == "suspended"
    assert story.the(OpenWait) == OpenWait(
        1, "nap", "main", WaitKind.SLEEP, due_at=NINE + HOUR
    )
    assert story.events == [
        "run.started",
        "step.started",
        "wait.opened",
        "step.suspended",
        "run.suspended",
    ]
    assert story.event("run.suspended") == {
        "step": "nap",
        "wait_kind": "sleep",
        "subject": "",
        "deadline": "2026-03-02T10:00:00+00:00",
    }


def test_a_timer_that_fires_early_is_ignored() -> None:
    story = Story(spec_of(SLEEP))

    story.tell(TimerFired(NINE + HOUR - timedelta(microseconds=1), 1))

    assert (story.status, story.asked) == ("suspended", ())


def test_a_timer_on_time_ends_the_sleep() -> None:
    story = Story(spec_of(SLEEP, action("a"))).tell(TimerFired(NINE + HOUR, 1))

    assert story.status == "queued"
    assert story.asked[0] == CloseWait(1, "resumed")
    assert story.events == [
        "wait.resumed",
        "step.resumed",
        "run.resumed",
        "step.completed",
        "step.started",
        "action.called",
    ]
    assert story.event("run.resumed") == {"step": "nap", "reason": "timer"}


def test_a_signal_resumes_the_wait_for_its_topic() -> None:
    story = Story(spec_of(wait(), action("a", parameters={"got": "${state.got}"})))
    assert story.signal("other", id="s0").status == "suspended"

    story.signal("go", {"n": 1})

    assert story.the(EnqueueJob).parameters == {"got": {"n": 1}}
    assert story.event("wait.resumed")["signal_id"] == "sig_1"


def test_a_signal_before_its_wait_is_kept_and_taken_in_order() -> None:
    story = Story(spec_of(action("a"), wait("w"), wait("v")))
    story.signal("go", 1, id="s1").signal("go", 2, id="s2").signal("no", 3, id="s3")

    story.complete(1)

    assert story.status == "completed"
    assert story.result == 2
    assert story.state.paths["main"].variables == {"got": 2}


def test_a_signal_delivered_twice_counts_once() -> None:
    story = Story(spec_of(wait("w"), wait("v")))

    story.signal("go", 1, id="s1").signal("go", 1, id="s1")
    assert (story.status, story.asked) == ("suspended", ())

    kept = Story(spec_of(action("a"), wait("w"), wait("v")))
    kept.signal("go", 1, id="s1").signal("go", 1, id="s1")
    assert kept.complete(1).status == "suspended"


def test_two_waits_for_one_topic_are_served_by_age() -> None:
    fork = {"next": [{"step": "w", "branch": "a"}, {"step": "v", "branch": "b"}]}
    story = Story(spec_of(action("s", **fork), wait("w"), wait("v"))).complete(1)

    story.signal("go", 1, id="s1")
    assert story.event("wait.resumed")["step"] == "w"

    story.signal("go", 2, id="s2")
    assert story.result == {"w": 1, "v": 2}


def test_too_many_kept_signals_are_refused_not_dropped() -> None:
    story = Story(spec_of(action("a")))
    for number in range(SIGNALS_KEPT_MAX):
        story.signal("go", id=f"s{number}")

    with pytest.raises(TooManySignals):
        story.tell(SignalSent(NINE, "one_more", "go"))
    assert len(story.state.signals) == SIGNALS_KEPT_MAX


def test_a_wait_in_vain_fails_the_run_with_timeout() -> None:
    story = Story(spec_of(wait())).tell(TimerFired(NINE + HOUR, 1))

    assert story.asked[0] == CloseWait(1, "timed_out")
    assert story.events == ["wait.timed_out", "step.failed", "run.failed"]
    assert story.the(FinishRun).error_type == "timeout"


def test_a_wait_in_vain_goes_where_on_timeout_leads() -> None:
    spec = spec_of(wait(on_timeout="late"), action("never"), action("late"))

    story = Story(spec).tell(TimerFired(NINE + HOUR, 1))

    assert story.the(EnqueueJob).step == "late"
    assert story.event("step.completed")["timed_out"] is True


def test_a_wait_in_vain_can_be_caught_and_retried() -> None:
    step = {
        **wait(),
        "retry": [{"error_equals": ["timeout"], "max_retries": 1, "base_delay": "10s"}],
        "catch": [{"error_equals": ["timeout"], "next": "late"}],
    }
    story = Story(spec_of(step, action("never"), action("late")))

    story.tell(TimerFired(NINE + HOUR, 1))
    again = story.the(OpenWait)
    assert (again.task_id, again.subject) == (2, "go")
    assert again.due_at == NINE + 2 * HOUR + timedelta(seconds=10)
    assert story.event("step.retried")["attempt"] == 2

    story.tell(TimerFired(NINE + 3 * HOUR, 2))
    assert story.the(EnqueueJob).step == "late"


def test_a_topic_is_rendered_when_the_wait_begins() -> None:
    story = Story(spec_of(wait(topic="doc_${inputs.id}")), {"id": 7})
    assert story.the(OpenWait).subject == "doc_7"

    blank = Story(spec_of(wait(topic="${inputs.id}")))
    assert blank.the(FinishRun).error_type == "expression_error"


def test_a_resume_wakes_every_paused_path() -> None:
    fork = {"next": [{"step": "hold", "branch": "a"}, {"step": "stop", "branch": "b"}]}
    hold = {**PAUSE, "next": [{"step": "end"}]}
    stop = {"name": "stop", "pause": {}, "next": [{"step": "end"}]}
    spec = spec_of(action("s", **fork), hold, stop, action("end"))
    story = Story(spec, {"who": "ann"}).complete(1)
    assert story.wait_of("hold").subject == "ask ann"
    assert story.wait_of("hold").due_at is None

    story.tell(ResumeRequested(NINE + HOUR))

    assert story.status == "queued"
    assert [job.path for job in story.decided(EnqueueJob)] == ["a", "b"]


def test_a_resume_delivered_twice_passes_one_pause_only() -> None:
    spec = spec_of(PAUSE, {"name": "again", "pause": {}}, action("a"))
    story = Story(spec).tell(ResumeRequested(NINE + HOUR), ResumeRequested(NINE + HOUR))
    assert (story.status, story.asked) == ("suspended", ())

    story.tell(ResumeRequested(NINE + 2 * HOUR))
    assert story.the(EnqueueJob).step == "a"


def test_a_step_resumed_twice_at_one_instant_is_passed_once() -> None:
    again = {"name": "again", "pause": {}, "next": [{"step": "again"}]}
    story = Story(spec_of(again)).tell(StepResumed(NINE, "again", 1))
    assert story.tasks == {2}

    assert story.tell(StepResumed(NINE, "again", 1)).asked == ()
    assert story.tell(StepResumed(NINE + HOUR, "again", 1)).tasks == {3}


def test_a_resume_means_nothing_to_other_waits() -> None:
    story = Story(spec_of(SLEEP)).tell(ResumeRequested(NINE))

    assert story.asked == ()


def test_an_interaction_asks_right_after_its_wait_opens() -> None:
    story = Story(spec_of(ASK), {"who": "it"})

    position = story.asked.index(story.the(OpenWait))
    asked = story.asked[position + 1]
    assert isinstance(asked, RequestInteraction)
    assert asked.config["message"] == "Publish it?"
    assert asked.config["target"] == {"type": "user", "id": "u1"}
    assert asked.due_at == story.the(OpenWait).due_at == NINE + 24 * HOUR


def test_an_answer_becomes_the_output_and_the_variable() -> None:
    step = {**ASK, "store": "answer"}
    story = Story(spec_of(step, action("a", parameters={"x": "${state.answer.value}"})))

    story.tell(InteractionResolved(NINE, 1, {"value": True}))

    assert story.status == "queued"
    assert story.the(EnqueueJob).parameters == {"x": True}
    assert story.event("run.resumed") == {"step": "ask", "reason": "interaction"}


def test_a_signal_named_like_the_step_is_an_answer_too() -> None:
    story = Story(spec_of(ASK)).signal("ask", {"value": False})

    assert story.result == {"value": False}
    assert story.decided(CloseWait) == [CloseWait(1, "resumed")]


def test_an_answer_to_another_kind_of_wait_is_ignored() -> None:
    story = Story(spec_of(wait())).tell(InteractionResolved(NINE, 1, "x"))

    assert (story.status, story.asked) == ("suspended", ())


@pytest.mark.parametrize("on_timeout", ["", "late"])
def test_no_answer_in_time_fails_or_leads_on(on_timeout: str) -> None:
    block = {**ASK["interaction"], "on_timeout": on_timeout}
    spec = spec_of({**ASK, "interaction": block}, action("never"), action("late"))

    story = Story(spec).tell(TimerFired(NINE + 24 * HOUR, 1))

    if on_timeout:
        assert story.the(EnqueueJob).step == "late"
    else:
        assert story.the(FinishRun).error_type == "timeout"


def test_a_wait_last_in_the_list_completes_the_run_without_a_resumed_line() -> None:
    story = Story(spec_of(ASK)).tell(InteractionResolved(NINE, 1, 1))

    assert story.events[-1] == "run.completed"
    assert "run.resumed" not in story.events
