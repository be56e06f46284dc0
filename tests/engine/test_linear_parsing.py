"""Specs of automations and loops: what surrounds the steps."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine import InputErrors, check_inputs, parse_spec
from apps.engine.limits import FIELDS_DECLARED_MAX, PROBLEMS_MAX, STEPS_IN_SPEC_MAX
from apps.engine.spec import Linear
from tests.engine.linear_stories import call, linear, parsed, paths, problems

EVERYTHING = {
    "schema_version": "1",
    "name": "Nightly",
    "description": "All of it",
    "inputs": {"n": {"type": "integer", "default": 1}},
    "event": {"id": {"type": "string", "required": True}},
    "config": {"to": {"description": "whom to tell"}},
    "concurrency": "replace",
    "triggers": [{"key": "t", "kind": "manual", "anything": True}],
    "repositories": [{"provider": "github"}],
    "steps": [call()],
    "output": {"n": "{{ steps.a.output.n }}"},
    "cleanup": [],
    "limits": {
        "budget_usd": 2.5,
        "wall_clock_timeout": "30m",
        "max_agent_turns": 5,
        "daily_credit_budget": 900,
        "max_duplicate_tool_calls": 3,
        "pause_after_consecutive_failures": 2,
    },
    "defaults": {"environment": {"id": "env_1"}},
    "run_name": {"template": "run of ${{ event.id }}"},
}


def test_everything_that_may_be_said() -> None:
    spec = parsed(EVERYTHING)

    assert (spec.name, spec.description) == ("Nightly", "All of it")
    assert (spec.start_at, spec.in_order) == ("a", True)
    assert [(f.name, f.type, f.default, f.optional) for f in spec.inputs] == [
        ("n", "integer", 1, True)
    ]
    found = spec.linear
    assert found is not None
    assert [(f.name, f.type, f.optional) for f in found.event] == [
        ("id", "string", False)
    ]
    assert [(f.name, f.type, f.description) for f in found.config] == [
        ("to", "any", "whom to tell")
    ]
    assert (found.wall_clock, found.credit_budget) == (timedelta(minutes=30), 250)
    assert (found.max_agent_turns, dict(found.saved_as)) == (5, {"a": "a"})
    assert found.output is not None
    assert found.output.authored == {"n": "{{ steps.a.output.n }}"}


def test_steps_are_enough() -> None:
    spec = linear(call())

    assert (spec.name, spec.inputs) == ("", ())
    assert spec.linear == Linear(saved_as={"a": "a"})


def test_a_step_with_a_kind_makes_a_spec_linear_wherever_specs_are_read() -> None:
    assert parse_spec({"steps": [call()]}) == linear(call())
    assert parse_spec({"name": "x", "steps": [{"name": "a", "action": "b"}]}) != (
        linear(call())
    )


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"schema_version": 1}, "schema_version"),
        ({"schema_version": "3"}, "schema_version"),
        ({"name": 5}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"description": 5}, "description"),
        ({"concurrency": "sometimes"}, "concurrency"),
        ({"triggers": {}}, "triggers"),
        ({"triggers": [1] * (FIELDS_DECLARED_MAX + 1)}, "triggers"),
        ({"repositories": "x"}, "repositories"),
        ({"run_name": "x"}, "run_name"),
        ({"defaults": 5}, "defaults"),
        ({"cleanup": [call()]}, "cleanup"),
        ({"output": []}, "output"),
        ({"output": {"a": "{{ state.x }}"}}, "output.a"),
        ({"output": {"a": [{"b": "{{ event."}]}}, "output.a[0].b"),
        ({"start_at": "a"}, "start_at"),
        ({"steps": None}, "steps"),
        ({"steps": []}, "steps"),
        ({"steps": 0}, "steps"),
        ({"steps": {"a": 1}}, "steps"),
        ({"steps": [5]}, "steps[0]"),
        ({"inputs": []}, "inputs"),
        ({"event": {"id": "string"}}, "event.id"),
        ({"event": {"id": {"kind": "string"}}}, "event.id.kind"),
        ({"event": {"id": {"type": "text?"}}}, "event.id.type"),
        ({"config": {"n": {"type": "integer", "default": 1.5}}}, "config.n.default"),
        ({"config": {"n": {"required": "yes"}}}, "config.n.required"),
        ({"inputs": {"n": {"description": 1}}}, "inputs.n.description"),
        ({"inputs": {"x" * 129: {}}}, f"inputs.{'x' * 129}"),
        ({"inputs": {"": {}}}, "inputs"),
        (
            {"event": {f"f{n}": {} for n in range(FIELDS_DECLARED_MAX + 1)}},
            "event",
        ),
        ({"limits": 5}, "limits"),
        ({"limits": {"money": 1}}, "limits.money"),
        ({"limits": {"budget_usd": 1, "credit_budget": 100}}, "limits.budget_usd"),
        ({"limits": {"budget_usd": -1}}, "limits.budget_usd"),
        ({"limits": {"budget_usd": float("nan")}}, "limits.budget_usd"),
        ({"limits": {"budget_usd": 10**400}}, "limits.budget_usd"),
        ({"limits": {"budget_usd": True}}, "limits.budget_usd"),
        ({"limits": {"credit_budget": 0}}, "limits.credit_budget"),
        ({"limits": {"credit_budget": 1.5}}, "limits.credit_budget"),
        (
            {"limits": {"daily_budget_usd": 1, "daily_credit_budget": 1}},
            "limits.daily_budget_usd",
        ),
        ({"limits": {"daily_budget_usd": "1"}}, "limits.daily_budget_usd"),
        ({"limits": {"daily_credit_budget": 0}}, "limits.daily_credit_budget"),
        ({"limits": {"max_agent_turns": 0}}, "limits.max_agent_turns"),
        (
            {"limits": {"max_duplicate_tool_calls": "3"}},
            "limits.max_duplicate_tool_calls",
        ),
        (
            {"limits": {"pause_after_consecutive_failures": 0}},
            "limits.pause_after_consecutive_failures",
        ),
        ({"limits": {"wall_clock_timeout": "soon"}}, "limits.wall_clock_timeout"),
        ({"limits": {"wall_clock_timeout": 60}}, "limits.wall_clock_timeout"),
        ({"defaults": {"wall_clock_timeout": "soon"}}, "defaults.wall_clock_timeout"),
    ],
)
def test_what_is_wrong_around_the_steps_is_named(
    changes: dict[str, Any], path: str
) -> None:
    assert paths({"steps": [call()], **changes}) == [path]


@pytest.mark.parametrize("authored", [None, [], "x", 5])
def test_a_spec_is_an_object(authored: object) -> None:
    assert problems(authored) == [("", "expected an object")]


def test_too_many_steps_are_refused() -> None:
    steps = [{**call(), "id": f"s{n}"} for n in range(STEPS_IN_SPEC_MAX + 1)]

    assert paths({"steps": steps}) == ["steps"]
    assert len(linear(*steps[1:]).steps) == STEPS_IN_SPEC_MAX


def test_the_list_of_problems_ends() -> None:
    assert len(problems({"steps": [5] * STEPS_IN_SPEC_MAX})) == PROBLEMS_MAX


@pytest.mark.parametrize(
    ("limits", "defaults", "found"),
    [
        ({"wall_clock_timeout": "1h"}, {"wall_clock_timeout": "2h"}, 1),
        ({}, {"wall_clock_timeout": "2h"}, 2),
        ({"wall_clock_timeout": "0"}, {"wall_clock_timeout": "2h"}, None),
        ({}, {"wall_clock_timeout": "0s"}, None),
        ({}, {}, None),
    ],
)
def test_the_wall_clock_is_a_limit_or_a_default_and_0_is_none(
    limits: dict[str, Any], defaults: dict[str, Any], found: int | None
) -> None:
    spec = linear(call(), limits=limits, defaults=defaults)

    assert spec.linear is not None
    hours = None if found is None else timedelta(hours=found)
    assert spec.linear.wall_clock == hours


@pytest.mark.parametrize(
    ("word", "good", "bad"),
    [
        ("string", "x", 1),
        ("str", "x", 1),
        ("text", "x", None),
        ("int", 1, 1.5),
        ("integer", 2.0, True),
        ("float", 1.5, "1.5"),
        ("number", 1, False),
        ("bool", False, 0),
        ("boolean", True, "true"),
        ("list", [], {}),
        ("array", [1], "x"),
        ("map", {}, []),
        ("object", {"a": 1}, 1),
        ("json", "x", None),
        ("any", [1], None),
    ],
)
@pytest.mark.parametrize("block", ["inputs", "event", "config"])
def test_types_of_declared_fields_have_several_names(
    word: str, good: object, bad: object, block: str
) -> None:
    spec = linear(call(), **{block: {"f": {"type": word, "required": True}}})

    def sent(value: object) -> dict[str, Any]:
        return {"f": value} if block == "inputs" else {block: {"f": value}}

    assert check_inputs(spec, sent(good)) == sent(good)
    with pytest.raises(InputErrors) as refused:
        check_inputs(spec, sent(bad))
    assert [problem.path for problem in refused.value.problems] == [f"{block}.f"]


def test_defaults_are_filled_in_and_what_is_not_declared_is_welcome() -> None:
    declared = {"f": {"default": 1}, "g": {}}
    spec = linear(call(), inputs=declared, event=declared, config=declared)

    assert check_inputs(spec, {"other": 2, "event": {"more": 3, "f": 4}}) == {
        "other": 2,
        "f": 1,
        "event": {"more": 3, "f": 4},
        "config": {"f": 1},
    }
    assert check_inputs(linear(call()), {"event": 5, "x": 1}) == {"event": 5, "x": 1}


def test_an_event_of_declared_fields_is_an_object() -> None:
    spec = linear(call(), event={"f": {"required": True}}, config={"g": {}})

    with pytest.raises(InputErrors) as refused:
        check_inputs(spec, {"event": [], "config": "x"})

    assert [problem.path for problem in refused.value.problems] == ["event", "config"]
