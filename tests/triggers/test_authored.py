"""Conditions, paths and mappings as authors write them."""

from typing import Any

import pytest

from apps.engine.expressions import ExpressionError
from apps.triggers.authored import (
    compile_condition,
    compile_source,
    condition_holds,
    mapped_inputs,
)

EVENT: dict[str, Any] = {
    "sha": "abc",
    "commit": {"author name": "Ann", "files": [{"path": "a"}, {"path": "b"}]},
    "n": 3,
    "nothing": None,
    "odd-key": 1,
}
ROOTS = {"event": EVENT, "meta": {"kind": "push"}, "inputs": {"by": "hand"}}


@pytest.mark.parametrize(
    ("authored", "value"),
    [
        ("$", EVENT),
        ("$.sha", "abc"),
        ("$['sha']", "abc"),
        ('$["commit"]["author name"]', "Ann"),
        ("$.commit.files[1].path", "b"),
        ("$.odd-key", 1),
        ("$.commit.files[9].path", None),
        ("$.sha.deeper", None),
        ("$.sha[0]", None),
        ("$.commit[0]", None),
        ("$.nothing.at.all", None),
        ("${event.sha}", "abc"),
        ("${event.n + 1}", 4),
        ("${event.commit.files}", EVENT["commit"]["files"]),
        ("${event.sha}-${meta.kind}-${inputs.by}", "abc-push-hand"),
        ("main", "main"),
        ("$5", "$5"),
        ("$${event.sha}", "${event.sha}"),
        (7, 7),
        (False, False),
        ({"deep": ["${event.n}", "$.sha"]}, {"deep": [3, "$.sha"]}),
    ],
)
def test_an_input_comes_from_a_path_an_expression_or_itself(
    authored: Any, value: Any
) -> None:
    assert compile_source(authored)(ROOTS) == value


@pytest.mark.parametrize(
    "authored",
    ["$.", "$.a[", "$.a[x]", "$..a", "$.a[-1]", "$[*]", "${event.", "${run.id}", "${}"],
)
def test_what_cannot_be_read_is_refused(authored: str) -> None:
    with pytest.raises(ExpressionError):
        compile_source(authored)


def test_a_path_has_an_end() -> None:
    with pytest.raises(ExpressionError, match="at most"):
        compile_source("$" + ".a" * 1000)


def test_inputs_without_a_value_are_left_out_and_a_failing_one_is_named() -> None:
    assert mapped_inputs({"a": "$.sha", "b": "$.none", "c": None}, ROOTS) == {
        "a": "abc"
    }
    with pytest.raises(ExpressionError, match=r"input total: no - between"):
        mapped_inputs({"total": "${event.sha - 1}"}, ROOTS)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("", True),
        ("event.n == 3", True),
        ("  ${ event.n == 3 } ", True),
        ("{{ event.n > 3 }}", False),
        ("${{ meta.kind == 'push' }}", True),
        ("event.nothing", False),
        ("'false'", False),
        ("inputs.by == 'hand'", True),
    ],
)
def test_a_condition_holds_if_its_value_counts_as_true(
    condition: str, holds: bool
) -> None:
    assert condition_holds(condition, ROOTS) is holds


@pytest.mark.parametrize("condition", ["event.", "steps.a", "state.x", "env", "${"])
def test_a_condition_sees_event_meta_and_inputs_only(condition: str) -> None:
    with pytest.raises(ExpressionError):
        compile_condition(condition)
