"""Stories of steps with ``each``."""

from typing import Any

import pytest

from apps.engine.decisions import EnqueueJob, FinishRun
from apps.engine.inputs import RetryRequested
from tests.engine.stories import HOUR, NINE, Story, action, spec_of

SPEC = spec_of(
    action(
        "work",
        each={"items": "${inputs.items}", "as": "it"},
        parameters={"it": "${state.it}"},
        store="done",
    ),
    action("end", parameters={"done": "${state.done}", "it": "${state.it}"}),
    state={"it": "before"},
)


def test_items_run_one_after_the_other_and_give_a_list() -> None:
    story = Story(SPEC, {"items": ["a", "b"]})
    assert story.the(EnqueueJob).parameters == {"it": "a"}

    story.complete(1, 10)
    assert story.the(EnqueueJob).parameters == {"it": "b"}
    assert "step.completed" not in story.events
    assert "step.started" not in story.events

    story.complete(2, 20)
    assert story.the(EnqueueJob).parameters == {"done": [10, 20], "it": "before"}


@pytest.mark.parametrize(
    ("items", "jobs"), [([1, 2, 3], 3), ({"a": 1, "b": 2}, 2), ("one", 1)]
)
def test_lists_values_of_objects_and_single_values_are_items(
    items: Any, jobs: int
) -> None:
    story = Story(SPEC, {"items": items})
    for task_id in range(1, jobs + 1):
        story.complete(task_id, task_id)

    assert story.the(EnqueueJob).parameters["done"] == list(range(1, jobs + 1))


@pytest.mark.parametrize("items", [[], None, {}])
def test_no_items_complete_the_step_at_once(items: Any) -> None:
    story = Story(SPEC, {"items": items})

    assert story.the(EnqueueJob).step == "end"
    assert story.the(EnqueueJob).parameters["done"] == []


def test_a_literal_list_and_a_bare_expression_are_items_too() -> None:
    literal = action(
        "a", each={"items": [1, "${inputs.n}"]}, parameters={"i": "${state.item}"}
    )
    story = Story(spec_of(literal), {"n": 5}).complete(1)
    assert story.the(EnqueueJob).parameters == {"i": 5}

    bare = action("a", each={"items": "inputs.list"})
    assert Story(spec_of(bare), {"list": [1, 2]}).complete(1).status == "queued"


def test_the_first_failing_item_aborts_and_a_run_retry_goes_on_there() -> None:
    story = Story(SPEC, {"items": ["a", "b", "c"]}).complete(1, 1)
    story.fail(2, error_type="fatal_error")
    assert story.status == "failed"

    story.tell(RetryRequested(NINE + HOUR))
    assert story.the(EnqueueJob).parameters == {"it": "b"}

    story.complete(3, 2).complete(4, 3)
    assert story.the(EnqueueJob).parameters["done"] == [1, 2, 3]


def test_a_catch_after_a_failing_item_sees_the_variable_as_before() -> None:
    spec = spec_of(
        action(
            "a",
            each={"items": [1, 2], "as": "it"},
            retry=[{"max_retries": 0}],
            catch=[{"error_equals": ["all"], "next": "b"}],
        ),
        action("b", parameters={"it": "${state.it}"}),
    )

    assert Story(spec).complete(1).fail(2).the(EnqueueJob).parameters == {"it": None}


def test_too_many_items_fail_the_step() -> None:
    story = Story(SPEC, {"items": list(range(1001))})

    assert story.the(FinishRun).error_type == "expression_error"


def test_waits_can_be_repeated_too() -> None:
    wait = {"topic": "t_${state.item}", "timeout": "1h", "store": "got"}
    spec = spec_of({"name": "w", "each": {"items": [1, 2]}, "wait_signal": wait})

    story = Story(spec).signal("t_1", "one", id="s1").signal("t_2", "two", id="s2")

    assert story.result == ["one", "two"]
