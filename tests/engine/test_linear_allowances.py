"""What a run may take and spend: wall clock, budget, steps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.engine import decode_state, encode_state
from apps.engine.decisions import CancelOpenWork, FinishRun, SetDeadline
from apps.engine.inputs import CancelRequested, RunCreated
from apps.engine.limits import STEPS_MAX
from tests.engine.linear_stories import (
    ask,
    begin,
    call,
    child,
    gate,
    linear,
    nap,
    paid,
    retry,
    started,
    time_is_up,
    used,
)
from tests.engine.stories import HOUR, NINE, Story, action, spec_of

CLOCK = {"limits": {"wall_clock_timeout": "1h"}}
BUDGET = {"limits": {"credit_budget": 10}}
MINUTE = timedelta(minutes=1)


def test_a_wall_clock_is_a_deadline_that_the_caller_owes() -> None:
    story = begin(call(), **CLOCK)

    assert story.the(SetDeadline) == SetDeadline(NINE + HOUR)
    assert (story.state.began, story.state.deadline) == (NINE, NINE + HOUR)
    assert story.tell(RunCreated(NINE + MINUTE)).asked == ()
    assert begin(call()).decided(SetDeadline) == []


@pytest.mark.parametrize("waiting", [call, nap, paid, ask, child, gate])
def test_a_run_beyond_its_wall_clock_ends_wherever_it_stands(waiting: Any) -> None:
    authored = gate("false") if waiting is gate else waiting()
    story = begin(authored, **CLOCK)

    assert story.tell(time_is_up(HOUR - MINUTE)).asked == ()
    story.tell(time_is_up(HOUR + MINUTE))

    assert story.events == ["limit.reached", "run.failed"]
    assert story.event("limit.reached") == {
        "step": authored["id"],
        "limit_kind": "wall_clock",
        "limit": 3600,
        "used": 3660,
    }
    assert story.decided(CancelOpenWork) == [CancelOpenWork()]
    finish = story.the(FinishRun)
    assert finish.stop_reason == finish.error_type == "wall_clock_exceeded"
    assert story.tell(time_is_up(2 * HOUR)).asked == ()


def test_a_deadline_means_nothing_to_a_run_without_one_or_that_is_over() -> None:
    assert begin(call()).tell(time_is_up(99 * HOUR)).asked == ()
    done = begin(call(), **CLOCK).complete(1)
    assert done.tell(time_is_up()).asked == ()
    cancelled = begin(call(), **CLOCK).tell(CancelRequested(NINE))
    assert cancelled.tell(time_is_up()).asked == ()
    graph = Story(spec_of(action("a")))
    assert graph.tell(time_is_up()).asked == ()


def test_time_that_ran_out_is_extended_from_now_on() -> None:
    story = begin(call(), **CLOCK).tell(time_is_up(2 * HOUR))
    assert story.tell(retry(3 * HOUR)).asked == ()

    story.tell(retry(3 * HOUR, extend=10 * MINUTE))
    assert story.the(SetDeadline).at == NINE + 3 * HOUR + 10 * MINUTE

    assert story.tell(time_is_up(3 * HOUR + 9 * MINUTE)).asked == ()
    story.tell(time_is_up(3 * HOUR + 11 * MINUTE))
    reached = story.event("limit.reached")
    assert (reached["limit"], reached["used"]) == (3 * 3600 + 600, 3 * 3600 + 660)


def test_time_that_is_left_is_not_lost_to_an_extension() -> None:
    story = begin(call(retry={"max_attempts": 1}), **CLOCK).fail(1)

    story.tell(retry(10 * MINUTE, extend=10 * MINUTE))

    assert story.the(SetDeadline).at == NINE + HOUR + 10 * MINUTE


def test_a_run_that_goes_on_in_time_owes_its_deadline_again() -> None:
    story = begin(call(retry={"max_attempts": 1}), **CLOCK).fail(1)
    assert story.tell(time_is_up(HOUR)).asked == ()

    story = begin(call(retry={"max_attempts": 1}), **CLOCK).fail(1)
    story.tell(retry(10 * MINUTE))
    assert story.the(SetDeadline).at == NINE + HOUR
    assert story.tell(time_is_up(HOUR)).status == "failed"


@pytest.mark.parametrize("extend", [timedelta(0), -MINUTE])
def test_no_time_is_no_extension(extend: timedelta) -> None:
    story = begin(call(), **CLOCK).tell(time_is_up(2 * HOUR))

    assert story.tell(retry(2 * HOUR, extend=extend)).asked == ()


def test_more_time_is_no_limit_where_there_was_none() -> None:
    story = begin(call(retry={"max_attempts": 1})).fail(1)

    story.tell(retry(HOUR, extend=MINUTE))

    assert (story.status, story.state.deadline) == ("queued", None)
    assert story.decided(SetDeadline) == []


def test_usage_is_told_with_its_facts_and_counted() -> None:
    story = begin(call(), **BUDGET)

    story.tell(used(6, step="a", unit="tokens"))
    assert story.events == ["usage.recorded"]
    assert story.event("usage.recorded") == {
        "category": "tokens",
        "quantity": 900,
        "credits": 6,
        "step": "a",
        "unit": "tokens",
    }
    story.tell(used(0))
    assert "credits" not in story.event("usage.recorded")
    assert (story.state.spent, story.state.budget, story.status) == (6, 10, "queued")


def test_a_run_may_spend_all_it_has_and_no_more() -> None:
    story = begin(call(), **BUDGET).tell(used(6), used(4))
    assert story.status == "queued"

    story.tell(used(0.5))

    assert story.events == ["usage.recorded", "limit.reached", "run.failed"]
    assert story.event("limit.reached") == {
        "step": "a",
        "limit_kind": "credit_budget",
        "limit": 10,
        "used": 10.5,
    }
    finish = story.the(FinishRun)
    assert finish.stop_reason == finish.error_type == "budget_exceeded"
    assert finish.error_message == "the run spent 10.5 credits and may spend 10"


@pytest.mark.parametrize(
    ("limits", "spent"),
    [
        ({"budget_usd": 0.29}, [29.0]),
        ({"budget_usd": 0.003}, [0.1, 0.2]),
        ({"budget_usd": 1.1}, [0.1] * 1100),
        ({"budget_usd": 1e12}, [1e12, 9.9e13]),
    ],
)
def test_a_budget_is_counted_in_credits_not_in_fractions_of_floats(
    limits: dict[str, Any], spent: list[float]
) -> None:
    story = begin(call(), limits=limits).tell(*map(used, spent))
    assert story.status == "queued"

    assert story.tell(used(0.01)).status == "failed"


def test_a_budget_of_nothing_allows_what_costs_nothing() -> None:
    story = begin(call(), limits={"budget_usd": 0}).tell(used(0))

    assert (story.status, story.state.budget) == ("queued", 0)
    assert story.tell(used(0.001)).status == "failed"


def test_the_caller_of_a_run_has_the_last_word_on_its_budget() -> None:
    created = RunCreated(NINE, credit_budget=3)
    story = Story(linear(call(), **BUDGET), created=created)

    assert story.state.budget == 3
    assert Story(linear(call()), created=created).state.budget == 3
    assert begin(call()).state.budget is None
    assert begin(call()).tell(used(10**9)).status == "queued"


def test_a_run_that_has_not_begun_uses_nothing() -> None:
    story = begin(call(), **BUDGET)
    story.state = replace(story.state, paths={})

    assert story.tell(used(99)).asked == ()


def test_nothing_is_used_after_the_end() -> None:
    for over in (
        begin(call()).complete(1),
        begin(call()).tell(CancelRequested(NINE)),
        begin(call(), **BUDGET).tell(used(11)),
    ):
        assert over.tell(used(1)).asked == ()


def test_usage_leaves_a_wait_alone() -> None:
    story = begin(nap(), **BUDGET).tell(used(1))

    assert (story.status, story.events) == ("suspended", ["usage.recorded"])
    assert story.tell(used(10)).events[-1] == "run.failed"


@pytest.mark.parametrize("budget", [None, 5.0, 10.999])
def test_a_run_beyond_its_budget_does_not_go_on_without_more(
    budget: float | None,
) -> None:
    story = begin(call(), **BUDGET).tell(used(11))

    assert story.tell(retry(credit_budget=budget)).asked == ()
    story.tell(retry(credit_budget=11.0))
    assert (story.status, story.state.budget, story.state.spent) == ("queued", 11, 11)


def test_a_run_of_too_many_steps_ends_and_does_not_go_on() -> None:
    story = begin(call(), call("b"))
    story.state = replace(story.state, next_task_id=STEPS_MAX + 1)

    story.complete(1)

    assert story.events[-2:] == ["limit.reached", "run.failed"]
    assert story.event("limit.reached")["limit_kind"] == "steps"
    assert story.the(FinishRun).stop_reason == "step_limit_reached"
    story.tell(retry())
    assert story.events == ["run.resumed", "limit.reached", "run.failed"]
    assert story.tell(retry()).asked == ()


def test_allowances_are_written_with_the_state() -> None:
    story = begin(child(), **CLOCK, inputs={}).tell(used(0.1), used(0.2))
    written = encode_state(story.state)

    assert written["spent"] == 0.3
    assert decode_state(written, {}) == story.state
    older = {key: value for key, value in written.items() if key != "began"}
    story.state = decode_state(older, {})
    reached = story.tell(time_is_up()).event("limit.reached")
    assert (reached["limit"], reached["used"]) == (None, None)
    assert story.tell(started()).asked == ()
