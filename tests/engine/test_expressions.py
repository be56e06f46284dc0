"""The expression language, by table and by chance."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.expressions import (
    ExpressionError,
    compile_expression,
    is_truthy,
    text_of,
)

ROOTS: dict[str, Any] = {
    "inputs": {
        "n": 3,
        "s": "hello",
        "list": [1, 2, {"deep": [10]}],
        "map": {"k-1": "v", "in": 1, "true": 2},
        "nothing": None,
        "huge": 10**400,
    },
    "state": {},
}


def value_of(source: str) -> Any:
    return compile_expression(source).evaluate(ROOTS)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("-7 % 3", -1),
        ("7.5 % 2", 1.5),
        ("--3", 3),
        ("1e3 + 0.5", 1000.5),
        ("'a' + \"b\"", "ab"),
        ("[1] + [2, 3]", [1, 2, 3]),
        ("1 == 1.0", True),
        ("1 == true", False),
        ("null == nil", True),
        ("[1, 'x'] == [1.0, 'x']", True),
        ("inputs.map != inputs.map", False),
        ("inputs.list == [1, true]", False),
        ("2 < 3 && 3 <= 3 && 'a' < 'b'", True),
        ("4 > 3.5", True),
        ("!inputs.nothing || missing", True),
        ("false && missing", False),
        ("1 < 2 == true", True),
        ("inputs.n > 2 ? 'big' : 'small'", "big"),
        ("false ? 1 : false ? 2 : 3", 3),
        ("2 in inputs.list", True),
        ("'ell' in inputs.s", True),
        ("'k-1' in inputs.map", True),
        ("1 in inputs.nothing", False),
        ("inputs.list[2].deep[0]", 10),
        ("inputs.list[9]", None),
        ("inputs.list[-1]", None),
        ("inputs['map'][\"k-1\"]", "v"),
        ("inputs.map.in + inputs.map.true", 3),
        ("inputs.no.such.thing[3].at.all", None),
        ("state.x.y == null", True),
        ("startsWith(inputs.s, 'he')", True),
        ("inputs.s.endsWith('lo')", True),
        ("inputs.nothing.startsWith('x')", False),
        ("contains(inputs.list, 2)", True),
        ("inputs.s.contains('z')", False),
        ("matches('github.pull.opened', 'github.*.op?ned')", True),
        ("matches('abc', 'a*d')", False),
        ("matches('', '**')", True),
        ("size(inputs.list) + len(inputs.s) + inputs.map.size()", 11),
        ("size(inputs.nothing)", 0),
        ("has(inputs.n) && !has(inputs.zz)", True),
        ("inputs.s.upper().lower()", "hello"),
        ("int('42') + int(3.9)", 45),
        ("float('2.5') * 2", 5.0),
        ("string(inputs.list)", '[1,2,{"deep":[10]}]'),
        ("string(3.0) + string(true) + string(null)", "3true"),
        ("'tab\\t\\u00e9\\''", "tab\té'"),
        ("[]", []),
    ],
)
def test_value(source: str, value: Any) -> None:
    found = value_of(source)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "empty"),
        ("1 +", "unexpected the end"),
        ("1 2", "unexpected 2"),
        ("(1", "expected ')'"),
        ("inputs.", "unexpected the end"),
        ("inputs.n @ 2", "unexpected '@' at position 9"),
        ("'open", 'unexpected "\'"'),
        ("'\\q'", "unknown escape"),
        ("'\\u0000'", "no character"),
        ("inputs.n.__class__", "no part"),
        ("open('x')", "unknown function open"),
        ("size()", "takes 1"),
        ("size(1, 2)", "takes 1"),
        ("size(1)", "has no size"),
        ("missing.x", "unknown name missing"),
        ("1 + 'a'", "no + between number and string"),
        ("true + 1", "no + between boolean and number"),
        ("null > 3", "no > between null and number"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("-'a'", "no - before string"),
        ("9223372036854775807 + 1", "too large"),
        ("99999999999999999999", "too large"),
        ("1e400", "too large"),
        ("1e308 * 10", "too large"),
        ("inputs.huge * 1.5", ""),
        ("inputs.s[0]", "has no part"),
        ("inputs.list.x", "index of an array"),
        ("inputs[1]", "key of an object"),
        ("1 in 2", "contains nothing"),
        ("1 in 'a'", "contains no number"),
        ("lower(null)", "expected a string"),
        ("int('x')", "whole number"),
        ("float('inf')", "no number"),
    ],
)
def test_an_expression_without_a_value_says_why(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        value_of(source)

    assert message in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100 + "1" + ")" * 100,
        "!" * 3000 + "1",
        "-" * 3000 + "1",
        "+".join(["1"] * 2000),
        "[" * 100 + "]" * 100,
        "1?" * 500 + "1",
        "size(" * 200 + "1" + ")" * 200,
        "a" * 5000,
    ],
)
def test_source_beyond_a_limit_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


def test_a_long_path_is_walked_not_descended() -> None:
    source = "inputs" + ".a" * 2000

    assert value_of(source) is None


def test_large_results_are_refused() -> None:
    roots = {"t": "x" * 600_000, "many": list(range(30_000)), "deep": nested(200)}
    for source in ("t + t", "many == many", "[deep]", "t.matches('*a*b*c*')"):
        with pytest.raises(ExpressionError):
            compile_expression(source).evaluate(roots)


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_names_can_be_restricted_to_the_known_roots() -> None:
    assert compile_expression("inputs.a", frozenset({"inputs"})).source == "inputs.a"
    with pytest.raises(ExpressionError, match="unknown name event, expected one of"):
        compile_expression("event.a", frozenset({"inputs"}))


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (None, False),
        (0, False),
        (0.0, False),
        ("", False),
        ("false", False),
        ([], False),
        ({}, False),
        ("x", True),
        (-1, True),
        ([0], True),
        (True, True),
    ],
)
def test_truth(value: Any, truth: bool) -> None:
    assert is_truthy(value) is truth


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (2.0, "2"),
        (2.5, "2.5"),
        ("é", "é"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (1e300, "1e+300"),
    ],
)
def test_text(value: Any, text: str) -> None:
    assert text_of(value) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)
WORDS = """
a b inputs state . , ( ) [ ] ? : ! - + * / % == != < <= > >= in && || 1 2.5 1e9
'x' "y" true null size( contains( int( string( matches( .a [0] .upper( \\ ' $
"""
ENDINGS = ("value", "refused")
PIECES = st.sampled_from(WORDS.split())


def value_or_refusal(source: str, **roots: Any) -> str:
    """Return what came of ``source``; any other error than ours is a failed test."""
    try:
        compile_expression(source).evaluate(roots)
    except ExpressionError:
        return "refused"
    return "value"


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14).map(" ".join), JSON, JSON)
def test_whatever_is_written_has_a_value_or_an_expression_error(
    source: str, first: Any, second: Any
) -> None:
    assert value_or_refusal(source, inputs=first, a=second, b=1) in ENDINGS


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_at_all_is_read_or_refused(source: str) -> None:
    assert value_or_refusal(source) in ENDINGS


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["+", "-", "*", "/", "%", "==", "<", ">=", "in", "&&", "||"]),
    JSON,
    JSON,
)
def test_every_operator_takes_or_refuses_every_pair(
    sign: str, left: Any, right: Any
) -> None:
    assert value_or_refusal(f"l {sign} r", l=left, r=right) in ENDINGS
