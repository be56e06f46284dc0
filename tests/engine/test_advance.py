"""Stories of runs in list order: jobs, retries, catches, cancel, retry of the run."""

from datetime import timedelta

import pytest

from apps.engine.decisions import (
    CancelOpenWork,
    EnqueueJob,
    FinishRun,
    RecordRunEvent,
)
from apps.engine.inputs import (
    CancelRequested,
    JobFailed,
    JobLost,
    RetryRequested,
    RunCreated,
)
from apps.engine.state import RunStatus
from tests.engine.stories import HOUR, NINE, Story, action, spec_of

TWO = spec_of(
    action("parse", parameters={"url": "${inputs.url}"}, store="doc"),
    action("index", parameters={"doc": "${state.doc}"}),
)


def two() -> Story:
    return Story(TWO, {"url": "a.pdf"})


@pytest.mark.parametrize(
    ("story", "status"),
    [
        (two(), "queued"),
        (two().claim(1), "running"),
        (two().claim(1).complete(1), "queued"),
        (two().complete(1).claim(2), "running"),
        (two().complete(1).complete(2), "completed"),
        (two().claim(1).fail(1), "queued"),
        (two().fail(1).fail(1, 2).fail(1, 3), "failed"),
        (two().fail(1, error_type="fatal_error"), "failed"),
        (two().tell(CancelRequested(NINE)), "cancelled"),
        (two().claim(1).tell(JobLost(NINE, 1, 1)), "queued"),
    ],
    ids=[
        "a new run waits for a worker",
        "a claim starts it",
        "between two steps it is queued again",
        "the second claim runs it again",
        "the last report completes it",
        "a failure with attempts left queues it",
        "three failures fail it",
        "a fatal error fails it at once",
        "a cancel ends it",
        "a lost lease queues it",
    ],
)
def test_run_status(story: Story, status: str) -> None:
    assert story.status == status


def test_steps_without_next_run_in_the_order_of_the_list() -> None:
    story = two().complete(1, {"pages": 3})

    job = story.the(EnqueueJob)
    assert (job.step, job.action, job.task_id) == ("index", "do.index", 2)
    assert job.parameters == {"doc": {"pages": 3}}


def test_the_first_decisions_tell_the_start_in_order() -> None:
    assert two().asked == (
        RecordRunEvent("run.started"),
        RecordRunEvent("step.started", {"step": "parse", "kind": "action"}),
        EnqueueJob(1, "parse", "main", "do.parse", {"url": "a.pdf"}, 1, 3, NINE),
        RecordRunEvent(
            "action.called",
            {
                "action": "do.parse",
                "step": "parse",
                "parameters": {"url": "a.pdf"},
                "task_id": 1,
                "attempt": 1,
            },
        ),
    )


def test_a_completion_is_told_before_what_follows() -> None:
    assert two().claim(1).complete(1).events == [
        "action.completed",
        "step.completed",
        "step.started",
        "action.called",
        "run.queued",
    ]


def test_the_end_is_told_and_asked_for_together() -> None:
    story = two().complete(1).complete(2, 7)

    assert story.asked[-2:] == (
        RecordRunEvent("run.completed", {"status": "completed", "output": 7}),
        FinishRun(RunStatus.COMPLETED, result=7),
    )


def test_a_failed_job_is_retried_after_one_second_then_two() -> None:
    first = two().fail(1)
    assert first.the(EnqueueJob).not_before == NINE + timedelta(seconds=1)
    assert (first.the(EnqueueJob).attempt, first.the(EnqueueJob).max_attempts) == (2, 3)

    second = first.fail(1, 2)
    assert second.the(EnqueueJob).not_before == NINE + timedelta(seconds=2)


def test_a_lost_lease_is_retried_at_once_and_counts_as_an_attempt() -> None:
    story = two().tell(JobLost(NINE, 1, 1))

    assert story.the(EnqueueJob).not_before == NINE
    assert story.event("step.retried")["error_type"] == "lease_expired"
    assert story.event("step.retried")["retry_scope"] == "transient"
    assert story.tell(JobLost(NINE, 1, 2), JobLost(NINE, 1, 3)).status == "failed"


def test_the_last_failure_says_why_in_every_place() -> None:
    story = two().fail(1).fail(1, 2).fail(1, 3)

    assert story.events == ["action.failed", "step.failed", "run.failed"]
    assert CancelOpenWork() in story.asked
    assert story.event("run.failed") == {
        "status": "failed",
        "error": "oh no",
        "error_type": "broken",
        "step": "parse",
    }
    assert story.asked[-1] == FinishRun(
        RunStatus.FAILED, error_type="broken", error_message="oh no"
    )


@pytest.mark.parametrize(
    ("names", "error_type", "retried"),
    [
        ([], "anything", True),
        (["all"], "timeout", True),
        (["all"], "fatal_error", False),
        (["activity_failed"], "Boom", True),
        (["activity_failed"], "Timeout", False),
        (["activity_failed"], "lease_expired", True),
        (["timeout"], "Timeout", True),
        (["Timeout"], "timeout", True),
        (["Boom"], "Boom", True),
        (["Boom"], "boom", False),
        (["fatal_error"], "fatal_error", False),
    ],
)
def test_a_retry_rule_is_for_the_errors_it_names(
    names: list[str], error_type: str, retried: bool
) -> None:
    rule = {"error_equals": names, "max_retries": 1}
    story = Story(spec_of(action("a", retry=[rule]))).fail(1, error_type=error_type)

    assert (story.status == "queued") is retried


def test_the_first_error_picks_the_rule_for_all_attempts() -> None:
    spec = spec_of(
        action(
            "a",
            retry=[
                {"error_equals": ["slow"], "max_retries": 1, "timeout": "5s"},
                {"error_equals": ["all"], "max_retries": 9},
            ],
        )
    )
    story = Story(spec)
    assert story.the(EnqueueJob).max_attempts == 10
    assert story.the(EnqueueJob).timeout == timedelta(seconds=5)

    story.fail(1, error_type="slow")
    assert story.the(EnqueueJob).max_attempts == 2
    assert story.fail(1, 2, error_type="other").status == "failed"


def test_full_jitter_takes_a_part_of_the_delay() -> None:
    rule = {"base_delay": "10s", "jitter_strategy": "FULL"}
    story = Story(spec_of(action("a", retry=[rule])))

    story.tell(JobFailed(NINE, 1, 1, "x", "y", jitter=0.25))

    assert story.the(EnqueueJob).not_before == NINE + timedelta(seconds=2.5)


def test_a_catch_keeps_the_error_and_leads_on() -> None:
    spec = spec_of(
        action(
            "a",
            retry=[{"max_retries": 0}],
            catch=[
                {"error_equals": ["other"], "next": "never"},
                {"error_equals": ["all"], "next": "c", "store": "why"},
            ],
        ),
        action("never"),
        action("c", parameters={"cause": "${state.why.Cause}", "why": "${state.why}"}),
    )
    story = Story(spec).fail(1)

    job = story.the(EnqueueJob)
    assert job.step == "c"
    assert job.parameters["cause"] == "oh no"
    assert job.parameters["why"] == {
        "Error": "broken",
        "Cause": "oh no",
        "Details": {"step": "a", "attempt": 1},
    }


def test_parameters_without_a_value_fail_the_step_and_can_be_caught() -> None:
    broken = action("a", parameters={"n": "${inputs.url + 1}"})

    story = Story(spec_of(broken), {"url": "x"})
    assert story.status == "failed"
    assert story.the(FinishRun).error_type == "expression_error"

    caught = {**broken, "catch": [{"error_equals": ["expression_error"], "next": "b"}]}
    assert Story(spec_of(caught, action("b")), {"url": "x"}).the(EnqueueJob).step == "b"


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_report_of_another_attempt_changes_nothing(attempt: int) -> None:
    story = two().fail(1)
    before = story.state

    story.complete(1, attempt=attempt)

    assert (story.state, story.asked) == (before, ())


def test_a_second_creation_changes_nothing() -> None:
    story = two()
    before = story.state
    story.tell(RunCreated(NINE))

    assert (story.state, story.asked) == (before, ())


def test_a_cancel_says_why_and_closes_everything() -> None:
    story = two().tell(CancelRequested(NINE, reason="not needed"))

    assert story.asked == (
        CancelOpenWork(),
        RecordRunEvent(
            "run.cancelled", {"status": "cancelled", "reason": "not needed"}
        ),
        FinishRun(RunStatus.CANCELLED, error_message="not needed"),
    )


def test_a_run_retry_goes_on_at_the_failed_step_with_a_new_task() -> None:
    story = two().complete(1, "doc").fail(2, error_type="fatal_error")

    story.tell(RetryRequested(NINE + HOUR))

    assert story.status == "queued"
    assert story.state.attempt == 2
    assert story.event("run.resumed") == {"reason": "retry", "attempt": 2}
    job = story.the(EnqueueJob)
    assert (job.step, job.task_id, job.attempt) == ("index", 3, 1)
    assert job.parameters == {"doc": "doc"}
    assert story.complete(3, 1).status == "completed"


def test_a_run_retry_means_nothing_to_a_run_that_has_not_failed() -> None:
    for story in (two(), two().complete(1).complete(2)):
        before = story.state
        story.tell(RetryRequested(NINE))
        assert (story.state, story.asked) == (before, ())


def test_a_run_retry_that_fails_at_once_counts_once_when_delivered_twice() -> None:
    story = Story(spec_of(action("a", parameters={"x": "${inputs.a.b}"})), {"a": 1})

    story.tell(RetryRequested(NINE), RetryRequested(NINE))
    assert (story.state.attempt, story.asked) == (2, ())

    story.tell(RetryRequested(NINE + HOUR))
    assert story.state.attempt == 3


def test_a_server_action_asks_for_the_platform() -> None:
    from apps.engine import parse_spec

    step = action("a", action_kind="server")
    spec = parse_spec(
        {"name": "s", "steps": [step]}, server_actions=frozenset({"do.a"})
    )

    assert Story(spec).the(EnqueueJob).server
    assert not two().the(EnqueueJob).server


def test_start_at_and_the_initial_state_are_where_a_run_begins() -> None:
    spec = spec_of(
        action("a"),
        action("b", parameters={"n": "${state.n}"}),
        start_at="b",
        state={"n": 4},
    )

    assert Story(spec).the(EnqueueJob).parameters == {"n": 4}
    assert Story(spec).complete(1).status == "completed"


def test_declared_outputs_make_the_result() -> None:
    spec = spec_of(
        action("a", store="x"),
        outputs=[
            {"name": "all", "variable": "x"},
            {"name": "part", "variable": "x.y"},
            {"name": "none", "variable": "zz"},
        ],
    )

    assert Story(spec).complete(1, {"y": 2}).result == {
        "all": {"y": 2},
        "part": 2,
        "none": None,
    }


def test_a_run_without_output_has_no_result() -> None:
    assert two().complete(1).complete(2).result is None
