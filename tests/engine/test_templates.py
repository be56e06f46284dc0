"""``${...}`` in texts, at any depth."""

from typing import Any

import pytest

from apps.engine.expressions import ExpressionError
from apps.engine.templates import compile_template

ROOTS: dict[str, Any] = {"inputs": {"n": 3, "m": {"k": [1]}, "s": "x"}, "state": {}}


@pytest.mark.parametrize(
    ("authored", "rendered"),
    [
        ("plain", "plain"),
        ("${inputs.n}", 3),
        ("  ${inputs.m} ", {"k": [1]}),
        ("n=${inputs.n}, m=${inputs.m}!", 'n=3, m={"k":[1]}!'),
        ("${inputs.n}${inputs.n}", "33"),
        ("${state.none}", None),
        ("<${state.none}>", "<>"),
        ("$${inputs.n} and ${inputs.s}", "${inputs.n} and x"),
        ("$$ ${inputs.s}", "$$ x"),
        ("${'}' + inputs.s}", "}x"),
        ("${'\\'}' + inputs.s}", "'}x"),
        (
            {"a": ["${inputs.n}", {"b": "${inputs.s}"}], "c": 1},
            {"a": [3, {"b": "x"}], "c": 1},
        ),
        ({"${inputs.n}": 1}, {"${inputs.n}": 1}),
        (None, None),
        (4.5, 4.5),
    ],
)
def test_rendering(authored: Any, rendered: Any) -> None:
    assert compile_template(authored).render(ROOTS) == rendered


@pytest.mark.parametrize("authored", ["${", "${inputs.n", "a ${} b", "${'}"])
def test_a_broken_placeholder_is_refused_when_compiled(authored: str) -> None:
    with pytest.raises(ExpressionError):
        compile_template(authored)


def test_an_unknown_root_is_refused_with_roots_and_raised_without() -> None:
    with pytest.raises(ExpressionError):
        compile_template("${env.x}", frozenset({"inputs"}))
    with pytest.raises(ExpressionError):
        compile_template("${env.x}").render(ROOTS)


def test_rendering_does_not_grow_without_end() -> None:
    big = {"inputs": {"t": "x" * 600_000}}
    for authored in ("${inputs.t} ${inputs.t}", ["${inputs.t}", "${inputs.t}"]):
        with pytest.raises(ExpressionError):
            compile_template(authored).render(big)


def test_json_that_nests_too_deep_is_refused() -> None:
    authored: Any = "x"
    for _ in range(40):
        authored = [authored]
    with pytest.raises(ExpressionError):
        compile_template(authored)


def test_what_never_changes_is_handed_back_as_it_is() -> None:
    authored = {"a": [1, 2]}

    assert compile_template(authored).render(ROOTS) is authored
