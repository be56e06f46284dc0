"""Stories of failed attempts: retries, catches, and the end when nothing is left."""

from datetime import timedelta

import pytest

from apps.engine.decisions import CancelOpenWork, EnqueueJob, FinishRun
from apps.engine.inputs import JobFailed, JobLost
from apps.engine.state import RunStatus
from tests.engine.stories import NINE, Story, action, spec_of

TWO = spec_of(action("parse"), action("index"))


def two() -> Story:
    return Story(TWO)


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

    lines = ["action.failed", "usage.recorded", "step.failed", "run.failed"]
    assert story.events == lines
    assert CancelOpenWork() in story.asked
    assert story.event("run.failed") == {
        "status": "failed",
        "error": "oh no",
        "error_type": "broken",
        "step": "parse",
    }
    assert story.asked[-1] == FinishRun(
        RunStatus.FAILED, "step_failed", error_type="broken", error_message="oh no"
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
