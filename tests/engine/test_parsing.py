"""Broken specs name everything that is wrong with them; sound ones are read."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine import InputErrors, Spec, SpecErrors, check_inputs, parse_spec
from apps.engine.spec import (
    ActionStep,
    InteractionStep,
    JoinStep,
    PauseStep,
    SleepStep,
    WaitSignalStep,
)
from tests.engine.stories import action, spec_of


def problems(authored: object) -> dict[str, str]:
    with pytest.raises(SpecErrors) as refused:
        parse_spec(authored)
    return dict(refused.value.problems)


def step_problems(**step: Any) -> dict[str, str]:
    """Return what is wrong with one step, by path inside it."""
    found = problems({"name": "x", "steps": [{"name": "a", **step}]})
    return {path.removeprefix("steps[0]."): text for path, text in found.items()}


def asked(**changes: Any) -> dict[str, Any]:
    block = {
        "type": "approval",
        "message": "ok?",
        "timeout": "1h",
        "target": {"type": "user", "id": "u"},
    }
    return {k: v for k, v in {**block, **changes}.items() if v is not None}


@pytest.mark.parametrize(
    ("authored", "path"),
    [
        (None, ""),
        ([], ""),
        ({"steps": [action("a")]}, "name"),
        ({"name": " ", "steps": [action("a")]}, "name"),
        ({"name": "x" * 129, "steps": [action("a")]}, "name"),
        ({"name": "x"}, "steps"),
        ({"name": "x", "steps": []}, "steps"),
        ({"name": "x", "steps": {}}, "steps"),
        ({"name": "x", "steps": [action(f"a{n}") for n in range(1001)]}, "steps"),
        ({"name": "x", "steps": ["a"]}, "steps[0]"),
        ({"name": "x", "steps": [{"name": "a"}]}, "steps[0]"),
        ({"name": "x", "steps": [action("a", sleep={"duration": "1s"})]}, "steps[0]"),
        ({"name": "x", "steps": [action("a"), action("a")]}, "steps[1].name"),
        ({"name": "x", "steps": [action("a")], "start_at": "b"}, "start_at"),
        ({"name": "x", "steps": [action("a")], "extra": 1}, "extra"),
        ({"name": "x", "steps": [action("a")], "state": []}, "state"),
        (
            {"name": "x", "steps": [action("a")], "inputs": [{"name": "i"}]},
            "inputs[0].type",
        ),
        (
            {
                "name": "x",
                "steps": [action("a")],
                "inputs": [{"name": "i", "type": "int"}],
            },
            "inputs[0].type",
        ),
        (
            {
                "name": "x",
                "steps": [action("a")],
                "inputs": [{"name": "i", "type": "string", "default": 1}],
            },
            "inputs[0].default",
        ),
        (
            {
                "name": "x",
                "steps": [action("a")],
                "inputs": [{"name": "i", "type": "any"}] * 2,
            },
            "inputs[1].name",
        ),
        (
            {"name": "x", "steps": [action("a")], "outputs": [{"name": "o"}]},
            "outputs[0].variable",
        ),
        (
            {
                "name": "x",
                "steps": [action("a")],
                "outputs": [{"name": "o", "variable": "v", "branch": "b"}],
            },
            "outputs[0].branch",
        ),
    ],
)
def test_a_broken_spec_is_refused_with_the_path(authored: object, path: str) -> None:
    assert list(problems(authored)) == [path]


@pytest.mark.parametrize(
    ("step", "path"),
    [
        (action("a", extra=1), "extra"),
        (action("a", action_kind="server"), "action"),
        (action("a", action_kind="magic"), "action_kind"),
        (action("a", store="state.x"), "store"),
        (action("a", parameters=[1]), "parameters"),
        (action("a", parameters={"u": ["${1 +}"]}), "parameters.u[0]"),
        (action("a", parameters={"u": "${env.x}"}), "parameters.u"),
        (action("a", retry=[{"base_delay": "soon"}]), "retry[0].base_delay"),
        (
            action("a", retry=[{"base_delay": "9s", "max_delay": "1s"}]),
            "retry[0].base_delay",
        ),
        (action("a", retry=[{"max_retries": -1}]), "retry[0].max_retries"),
        (action("a", retry=[{"max_retries": True}]), "retry[0].max_retries"),
        (action("a", retry=[{"backoff_rate": "x"}]), "retry[0].backoff_rate"),
        (action("a", retry=[{"jitter_strategy": "HALF"}]), "retry[0].jitter_strategy"),
        (action("a", retry=[{"timeout": "0s"}]), "retry[0].timeout"),
        (action("a", retry=[{"error_equals": [""]}]), "retry[0].error_equals[0]"),
        (action("a", retry=[{"delay": "1s"}]), "retry[0].delay"),
        (action("a", catch=[{"next": "a"}]), "catch[0].error_equals"),
        (action("a", catch=[{"error_equals": ["all"], "next": "b"}]), "catch[0].next"),
        (action("a", next=[{"step": "b"}]), "next[0].step"),
        (action("a", next=[{"step": "a", "condition": "1 +"}]), "next[0].condition"),
        (action("a", next=[{"step": "a", "branch": "main"}]), "next[0].branch"),
        (action("a", next=[{"step": "a", "branch": "x.y"}]), "next[0].branch"),
        (action("a", next=[{"step": "a", "branch": "x"}] * 2), "next[1].branch"),
        (action("a", edge_matching_strategy="some"), "edge_matching_strategy"),
        (action("a", each={"as": "i"}), "each.items"),
        (action("a", each={"items": "1 +"}), "each.items"),
        (action("a", each={"items": [], "as": "a b"}), "each.as"),
        (action("a", layout={"x": "left"}), "layout.x"),
        ({"sleep": {}}, "sleep.duration"),
        ({"sleep": {"duration": "0s"}}, "sleep.duration"),
        ({"sleep": {"duration": "999999h"}}, "sleep.duration"),
        ({"sleep": {"duration": "1s"}, "retry": []}, "retry"),
        ({"wait_signal": {"topic": "", "timeout": "1s"}}, "wait_signal.topic"),
        ({"wait_signal": {"topic": "t"}}, "wait_signal.timeout"),
        (
            {"wait_signal": {"topic": "t", "timeout": "1s", "on_timeout": "b"}},
            "wait_signal.on_timeout",
        ),
        ({"pause": {}, "next": [], "each": {"items": []}}, "each"),
        ({"pause": {"why": "x"}}, "pause.why"),
        ({"join": {"branches": ["b"]}}, "join.branches[0]"),
        ({"join": {"count": -1}}, "join.count"),
        ({"join": {"branch_mappings": {"b.x": "x"}}}, "join.branch_mappings.b.x"),
        ({"interaction": asked(type="chat")}, "interaction.type"),
        ({"interaction": asked(message=None)}, "interaction.message"),
        ({"interaction": asked(timeout=None)}, "interaction.timeout"),
        ({"interaction": asked(target=None)}, "interaction.target"),
        ({"interaction": asked(target={"type": "user"})}, "interaction.target.id"),
        ({"interaction": asked(message="${x}")}, "interaction.message"),
        ({"interaction": asked(spec={"mode": "select"})}, "interaction.spec.mode"),
        (
            {"interaction": asked(type="review", spec={"mode": "select"})},
            "interaction.spec.options",
        ),
        ({"interaction": asked(store="x"), "store": "y"}, "store"),
    ],
)
def test_a_broken_step_is_refused_with_the_path(
    step: dict[str, Any], path: str
) -> None:
    assert path in step_problems(**step)


def test_all_problems_are_reported_at_once() -> None:
    found = problems(
        {
            "steps": [
                action("a", next=[{"step": "zz"}], retry=[{"timeout": "x"}]),
                {"name": "b", "sleep": {"duration": 5}},
                {"name": "p", "pause": {}},
            ],
            "start_at": "nowhere",
        }
    )

    assert sorted(found) == [
        "name",
        "start_at",
        "steps[0].next[0].step",
        "steps[0].retry[0].timeout",
        "steps[1].sleep.duration",
        "steps[2].next",
    ]
    assert found["steps[0].next[0].step"] == "there is no step zz"


def test_the_list_of_problems_has_an_end() -> None:
    assert len(problems({"name": "x", "steps": ["?"] * 1000})) == 100


def test_every_kind_of_step_is_read() -> None:
    edges = [{"step": "a", "branch": "b1"}, {"step": "end"}]
    spec = spec_of(
        action("a", layout={"x": 1, "y": 2.5}, next=edges, description="first"),
        {"name": "j", "join": {"branches": ["b1"], "branch_mappings": {"b1.x": "y"}}},
        {"name": "w", "wait_signal": {"topic": "t", "timeout": "PT1M"}, "retry": [{}]},
        {"name": "s", "sleep": {"duration": "90s"}},
        {"name": "p", "pause": {"reason": "why"}, "next": [{"step": "end"}]},
        {"name": "i", "interaction": asked(spec={"mode": "confirm"})},
        action("end"),
    )

    kinds = [type(step) for step in spec.steps]
    assert kinds[:3] == [ActionStep, JoinStep, WaitSignalStep]
    assert kinds[3:6] == [SleepStep, PauseStep, InteractionStep]
    assert (spec.in_order, spec.start_at) == (False, "a")
    assert spec.branches == {"b1"}
    sleep = spec.step("s")
    assert isinstance(sleep, SleepStep)
    assert sleep.duration == timedelta(seconds=90)


def test_the_same_document_gives_equal_specs() -> None:
    step = action("a", parameters={"x": "${inputs.x}"}, next=[])

    assert spec_of(step) == spec_of(step)


@pytest.fixture
def declared() -> Spec:
    return spec_of(
        action("a"),
        inputs=[
            {"name": "url", "type": "string"},
            {"name": "pages", "type": "integer", "default": 1},
            {"name": "any", "type": "any", "default": {}},
        ],
    )


def test_defaults_fill_what_was_not_given(declared: Spec) -> None:
    assert check_inputs(declared, {"url": "u"}) == {"url": "u", "pages": 1, "any": {}}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input url is required"),
        ({"url": None}, "input url is required"),
        ({"url": "u", "more": 1}, "unknown input more"),
        ({"url": 1}, "input url must be of type string"),
        ({"url": "u", "pages": True}, "input pages must be of type integer"),
        ({"url": "u", "pages": 1.5}, "input pages must be of type integer"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    declared: Spec, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputErrors) as refused:
        check_inputs(declared, inputs)

    assert [problem.message for problem in refused.value.problems] == [message]


def test_a_spec_without_declared_inputs_takes_any() -> None:
    assert check_inputs(spec_of(action("a")), {"x": 1}) == {"x": 1}


@pytest.mark.parametrize(
    ("kind", "fitting", "other"),
    [
        ("string", "a", 1),
        ("number", 1.5, "1"),
        ("integer", 2.0, 2.5),
        ("boolean", False, 0),
        ("object", {}, []),
        ("array", [], {}),
    ],
)
def test_declared_types(kind: str, fitting: Any, other: Any) -> None:
    spec = spec_of(action("a"), inputs=[{"name": "x", "type": kind}])

    assert check_inputs(spec, {"x": fitting}) == {"x": fitting}
    with pytest.raises(InputErrors):
        check_inputs(spec, {"x": other})
