"""Stories of runs in list order: jobs, cancel, retry of the run."""

import pytest

from apps.engine import parse_spec
from apps.engine.decisions import (
    CancelOpenWork,
    EnqueueJob,
    FinishRun,
    RecordRunEvent,
)
from apps.engine.inputs import (
    CancelRequested,
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
        "usage.recorded",
        "step.started",
        "action.called",
        "run.queued",
    ]


def test_the_end_is_told_and_asked_for_together() -> None:
    story = two().complete(1).complete(2, 7)

    assert story.asked[-2:] == (
        RecordRunEvent("run.completed", {"status": "completed", "output": 7}),
        FinishRun(RunStatus.COMPLETED, "completed", result=7),
    )


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
        FinishRun(RunStatus.CANCELLED, "cancelled", error_message="not needed"),
    )


def test_a_run_retry_goes_on_at_the_failed_step_with_a_new_task() -> None:
    story = two().complete(1, "doc").fail(2, error_type="fatal_error")

    story.tell(RetryRequested(NINE + HOUR))

    assert story.status == "queued"
    assert story.state.attempt == 2
    assert story.event("run.resumed") == {
        "step": "index",
        "reason": "retry",
        "attempt": 2,
        "recovery_action": "retry",
    }
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
