"""What all steps of automations and loops have in common, and how they are named."""

from typing import Any

import pytest

from apps.engine.spec import ActionStep
from tests.engine.linear_stories import call, linear, nap, paths, problems, step


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"id": 5}, ["id"]),
        ({"id": ""}, ["id"]),
        ({"id": " "}, ["id"]),
        ({"id": "x" * 129}, ["id"]),
        ({"key": "b"}, ["key"]),
        ({"name": 5, "description": "x"}, ["name"]),
        ({"name": "x", "description": 5}, ["description"]),
        ({"if": True}, ["if"]),
        ({"if": "state.x"}, ["if"]),
        ({"if": "event.n >"}, ["if"]),
        ({"input": "x"}, ["input"]),
        ({"input": {"n": ["{{ state.x }}"]}}, ["input.n[0]"]),
        ({"save_as": "a b"}, ["save_as"]),
        ({"save_as": 5}, ["save_as"]),
        ({"kind": None}, ["kind"]),
        ({"kind": "cleanup"}, ["kind"]),
        ({"kind": []}, ["kind"]),
        ({"config": None}, ["config"]),
        ({"config": "x"}, ["config"]),
        ({"next": []}, ["next"]),
        ({"kind": None, "config": None}, ["kind", "config"]),
    ],
)
@pytest.mark.parametrize("kind", ["action", "wait_for_event"])
def test_what_is_wrong_with_any_step_is_named(
    kind: str, changes: dict[str, Any], found: list[str]
) -> None:
    config = {"action": {"action_name": "x"}, "wait_for_event": {"event_type": "a.b"}}
    authored = {**step(kind, config[kind]), **changes}

    assert paths({"steps": [authored]}) == [f"steps[0].{path}" for path in found]


def test_a_step_without_a_name_is_called_by_its_place() -> None:
    nameless = {key: value for key, value in call().items() if key != "id"}
    spec = linear(nameless, call("b"), {**nameless, "key": "c"}, nameless)

    assert [one.name for one in spec.steps] == ["0", "b", "c", "3"]
    clash = [{**nameless, "id": "1"}, nameless]
    assert problems({"steps": clash}) == [
        ("steps[1].id", "same as that of steps[0]"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ({}, {}, "steps[1].id"),
        ({"save_as": "x"}, {"id": "b", "save_as": "x"}, "steps[1].save_as"),
        ({}, {"id": "b", "save_as": "a"}, "steps[1].save_as"),
        ({"save_as": "b"}, {"id": "b"}, "steps[1].id"),
        ({"save_as": "b"}, {"id": None, "key": "b"}, "steps[1].key"),
    ],
)
def test_no_name_stands_for_two_steps(
    first: dict[str, Any], second: dict[str, Any], path: str
) -> None:
    assert paths({"steps": [{**call(), **first}, {**call(), **second}]}) == [path]


def test_a_step_may_be_saved_under_its_own_name_or_that_of_none() -> None:
    spec = linear(call("a", save_as="a"), call("b", save_as="found"), nap())

    assert spec.linear is not None
    assert spec.linear.saved_as == {"a": "a", "found": "b", "nap": "nap"}


def test_one_pass_finds_what_is_wrong_with_every_step() -> None:
    broken = [5, {**call(), "id": 5}, {**nap(), "if": "("}, 5]

    assert paths({"name": 5, "steps": broken}) == [
        "name",
        "steps[0]",
        "steps[1].id",
        "steps[2].if",
        "steps[3]",
    ]


def test_conditions_may_have_braces_around_them() -> None:
    sources = ["event.n", "${{ event.n }}", "{{event.n}}"]
    spec = linear(*(call(f"s{n}", **{"if": s}) for n, s in enumerate(sources)))

    assert [str(one.run_if) for one in spec.steps] == ["Expression('event.n')"] * 3
    assert linear(call(**{"if": "True"})).steps[0].run_if is None
    assert isinstance(spec.steps[0], ActionStep)
