"""Stories of linear runs, with the lines they leave behind."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine.decisions import (
    EnqueueJob,
    FinishRun,
)
from apps.engine.inputs import (
    CancelRequested,
    Input,
    JobClaimed,
    JobCompleted,
    JobLost,
    RunCreated,
    TimerFired,
)
from tests.engine.linear_stories import (
    ask,
    begin,
    call,
    child,
    nap,
    paid,
    started,
    step,
)
from tests.engine.stories import HOUR, NINE

FAILS = {"duration": "1h"}


def test_an_action_has_the_lines_of_the_catalogue() -> None:
    story = begin(call())
    assert story.events == ["run.started", "step.started", "action.called"]

    story.tell(JobClaimed(NINE, 1, 1, "w1"))
    assert (story.status, story.asked) == ("running", ())

    story.complete(1, {"n": 1})
    assert story.events == [
        "action.completed",
        "step.completed",
        "usage.recorded",
        "run.completed",
    ]
    assert story.event("usage.recorded") == {
        "category": "job_execution",
        "quantity": 1,
        "step": "a",
        "action": "do.a",
        "task_id": 1,
        "attempt": 1,
    }
    assert story.the(FinishRun).stop_reason == "completed"
    assert story.result == {"a": {"n": 1}}


def test_a_step_starts_when_all_of_the_one_before_was_told() -> None:
    story = begin(call("a"), call("b")).complete(1)

    assert story.events == [
        "action.completed",
        "step.completed",
        "usage.recorded",
        "step.started",
        "action.called",
    ]
    assert story.status == "queued"


def test_an_attempt_that_fails_is_tried_again_and_counted() -> None:
    retried = call(retry={"max_attempts": 2, "delay": "5m"}, timeout=FAILS)
    story = begin(retried).claim(1).fail(1)

    assert story.events == [
        "action.failed",
        "usage.recorded",
        "step.retried",
        "action.retried",
    ]
    job = story.the(EnqueueJob)
    assert (job.attempt, job.max_attempts) == (2, 2)
    assert (job.not_before, job.timeout) == (NINE + timedelta(minutes=5), HOUR)

    story.fail(1, attempt=2)
    assert story.events == [
        "action.failed",
        "usage.recorded",
        "step.failed",
        "run.failed",
    ]
    assert story.the(FinishRun).stop_reason == "step_failed"


def test_a_lost_lease_costs_an_attempt_and_no_time() -> None:
    story = begin(call(retry={"max_attempts": 2, "delay": "5m"}))

    story.tell(JobLost(NINE, 1, 1))

    assert story.the(EnqueueJob).not_before == NINE
    assert story.event("step.retried")["retry_scope"] == "transient"


@pytest.mark.parametrize(
    "error_type",
    ["check_failed", "gate_rejected", "budget_exceeded", "wall_clock_exceeded"],
)
def test_a_worker_does_not_say_why_a_run_stopped(error_type: str) -> None:
    story = begin(call(retry={"max_attempts": 1})).fail(1, error_type=error_type)

    finish = story.the(FinishRun)
    assert (finish.stop_reason, finish.error_type) == ("step_failed", error_type)


def test_parameters_without_a_value_fail_the_step() -> None:
    story = begin(call(parameters={"n": "{{ event.a.b }}"}), event={"a": "text"})

    assert story.events == ["run.started", "step.started", "step.failed", "run.failed"]
    assert story.the(FinishRun).error_type == "expression_error"


@pytest.mark.parametrize("source", ["event.n > 5", "${{ event.n > 5 }}", "false"])
def test_a_condition_that_does_not_hold_skips_the_step(source: str) -> None:
    story = begin(
        nap(**{"if": source}),
        call("b", parameters={"seen": "{{ steps.nap.output }}"}),
        event={"n": 1},
    )

    assert story.events == [
        "run.started",
        "step.skipped",
        "step.started",
        "action.called",
    ]
    assert story.event("step.skipped") == {
        "step": "nap",
        "kind": "sleep",
        "reason": "the condition does not hold",
    }
    assert story.the(EnqueueJob).parameters == {"seen": None}
    assert story.complete(1, 7).result == {"b": 7}


def test_a_run_of_skipped_steps_has_no_output() -> None:
    story = begin(*(call(f"s{n}", **{"if": "false"}) for n in range(1000)))

    assert (story.status, story.result) == ("completed", None)
    assert story.events.count("step.skipped") == 1000


def test_a_condition_without_a_value_fails_the_step() -> None:
    story = begin(call(**{"if": "event.n > 5"}), event={"n": "many"})

    assert story.events == ["run.started", "step.started", "step.failed", "run.failed"]
    assert "condition of a" in story.event("run.failed")["error"]


def test_an_agent_step_says_that_there_are_none() -> None:
    story = begin(step("agent", {"instructions": "Think"}))

    assert story.events == ["run.started", "step.started", "step.failed", "run.failed"]
    assert story.the(FinishRun).error_type == "agent_unavailable"


def test_the_output_is_what_was_asked_for() -> None:
    output = {"n": "{{ steps[0].output.n }}", "said": "{{ context.found }}!"}
    story = begin(call(), call("b", save_as="found"), output=output)

    story.complete(1, {"n": 1}).complete(2, "yes")

    assert story.result == {"n": 1, "said": "yes!"}


def test_an_output_without_a_value_fails_the_run() -> None:
    story = begin(call(), output={"n": "{{ steps.a.output.n }}"}).complete(1, "text")

    finish = story.the(FinishRun)
    assert (finish.error_type, finish.stop_reason) == (
        "expression_error",
        "step_failed",
    )
    assert story.events[-1] == "run.failed"
    assert story.event("run.failed")["step"] == "a"


@pytest.mark.parametrize(
    ("replaced", "reason"), [(False, "cancelled"), (True, "replaced")]
)
@pytest.mark.parametrize("waiting", [call, nap, paid, ask, child])
def test_a_cancelled_run_says_why(waiting: Any, replaced: bool, reason: str) -> None:
    story = begin(waiting()).tell(CancelRequested(NINE, "enough", replaced=replaced))

    assert story.events == ["run.cancelled"]
    assert story.the(FinishRun).stop_reason == reason
    late: list[Input] = [
        JobCompleted(NINE, 1, 1),
        started(),
        TimerFired(NINE + HOUR, 1),
    ]
    assert story.tell(*late, RunCreated(NINE)).asked == ()


def test_a_child_is_no_job_that_workers_could_report_on() -> None:
    story = begin(child())

    for report in (
        JobClaimed(NINE, 1, 1),
        JobCompleted(NINE, 1, 1),
        JobLost(NINE, 1, 1),
    ):
        assert story.tell(report).asked == ()
    assert (story.status, story.tasks) == ("queued", {1})
