"""A run that needs more room than it may take ends where it stood."""

from apps.engine.decisions import CancelOpenWork, FinishRun, RecordRunEvent
from apps.engine.inputs import RetryRequested, StateOutgrown
from apps.engine.state import RunStatus
from tests.engine.stories import HOUR, NINE, Story, action, spec_of

TOO_BIG = StateOutgrown(NINE, used=300, limit=200, task_id=1)


def test_the_run_fails_at_the_step_whose_input_did_not_fit() -> None:
    story = Story(spec_of(action("a"), action("b"))).claim(1)

    story.tell(TOO_BIG)

    assert story.state.status is RunStatus.FAILED
    told = [one for one in story.asked if isinstance(one, RecordRunEvent)]
    assert told[0].type == "limit.reached"
    assert told[0].payload == {
        "step": "a",
        "limit_kind": "state_bytes",
        "limit": 200,
        "used": 300,
    }
    (finish,) = [one for one in story.asked if isinstance(one, FinishRun)]
    assert (finish.error_type, finish.stop_reason) == ("state_limit", "step_failed")
    assert any(isinstance(one, CancelOpenWork) for one in story.asked)


def test_an_input_about_no_task_is_told_at_where_the_run_stands() -> None:
    story = Story(spec_of(action("a"))).tell(StateOutgrown(NINE, 300, 200))

    assert story.asked[0] == RecordRunEvent(
        "limit.reached",
        {"step": "a", "limit_kind": "state_bytes", "limit": 200, "used": 300},
    )


def test_a_retry_does_the_step_again() -> None:
    story = Story(spec_of(action("a"), action("b"))).claim(1).tell(TOO_BIG)

    story.tell(RetryRequested(NINE + HOUR))
    story.claim(2).complete(2, "small")

    assert story.state.paths["main"].step == "b"


def test_a_run_that_is_over_is_not_ended_again() -> None:
    story = Story(spec_of(action("a"))).claim(1).complete(1)

    assert story.tell(TOO_BIG).asked == ()
