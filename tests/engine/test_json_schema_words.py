"""What a value is told that does not fit its JSON Schema."""

from typing import Any

import pytest

from apps.engine.json_schema import answer_problems
from apps.engine.limits import SCHEMA_PROBLEMS_MAX

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["amount"],
    "additionalProperties": False,
    "properties": {
        "amount": {"type": "number", "minimum": 1, "exclusiveMaximum": 100},
        "currency": {"enum": ["EUR", "USD", None]},
        "due": {"type": "string", "format": "date"},
        "items": {
            "type": "array",
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"price": {"$ref": "#/$defs/price"}},
            },
        },
    },
    "$defs": {"price": {"type": ["number", "null"], "multipleOf": 0.5}},
}


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"amount": 5}, {}),
        ({"amount": 5, "items": [{"price": None}, {"price": 1.5}]}, {}),
        ({}, {"amount": "required"}),
        ([], {"": "expected an object"}),
        ({"amount": 0}, {"amount": "expected at least 1"}),
        ({"amount": 100}, {"amount": "expected less than 100"}),
        ({"amount": True}, {"amount": "expected a number"}),
        ({"amount": 1, "note": "x"}, {"note": "unknown field"}),
        (
            {"amount": 1, "currency": "CHF"},
            {"currency": "expected one of EUR, USD, null"},
        ),
        ({"amount": 1, "due": "soon"}, {"due": "expected a date such as 2026-03-02"}),
        (
            {"amount": 1, "items": [{}, {}, {"price": "x"}]},
            {
                "items": "expected at most 2 entries",
                "items[2].price": "expected a number or null",
            },
        ),
        (
            {"amount": 1, "items": [{"price": 0.7}]},
            {"items[0].price": "expected a multiple of 0.5"},
        ),
    ],
)
def test_a_wrong_value_is_told_where_and_what_was_expected(
    value: Any, problems: dict[str, str]
) -> None:
    assert dict(answer_problems(value, ORDER)) == problems


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (
            {"type": ["integer", "boolean"]},
            "x",
            "expected a whole number or true or false",
        ),
        ({"const": {"a": 1}}, 1, 'expected {"a": 1}'),
        (
            {"enum": list(range(22))},
            99,
            f"expected one of {', '.join(map(str, range(20)))} and 2 more",
        ),
        ({"maximum": 5}, 6, "expected at most 5"),
        ({"exclusiveMinimum": 5}, 5, "expected more than 5"),
        ({"minLength": 1}, "", "expected at least 1 character"),
        ({"maxLength": 2}, "abc", "expected at most 2 characters"),
        ({"minItems": 1}, [], "expected at least 1 entry"),
        ({"minProperties": 2}, {"a": 1}, "expected at least 2 fields"),
        ({"maxProperties": 0}, {"a": 1}, "expected at most 0 fields"),
        ({"uniqueItems": True}, [1, 1], "expected entries that differ from each other"),
        (
            {"contains": {"const": 1}},
            [2],
            "too few or too many entries fit what contains asks for",
        ),
        ({"pattern": "^a+$"}, "b", "expected a text that fits ^a+$"),
        (
            {"pattern": f"^{'a' * 150}$"},
            "b",
            f"expected a text that fits ^{'a' * 99}...",
        ),
        ({"format": "email"}, "bob", "expected an email address"),
        (
            {"format": "date-time"},
            "now",
            "expected an instant such as 2026-03-02T09:00:00Z",
        ),
        ({"format": "json-pointer"}, "a", "expected the format json-pointer"),
        (
            {"additionalProperties": False},
            {"a": 1},
            "expected an object without fields",
        ),
        ({"items": False}, [1], "must not be given"),
        (
            {"prefixItems": [{}], "unevaluatedItems": False},
            [1, 2],
            "expected no further entries",
        ),
        ({"not": {"type": "string"}}, "x", "has a form that is excluded"),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            "a name of a field: expected at most 1 character",
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            1,
            "expected a string or null",
        ),
        (
            {"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "string"}}}]},
            {"a": 1},
            "expected null or a string in a",
        ),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {},
            "fits none of the 2 allowed forms",
        ),
        (
            {"oneOf": [{}, {"type": "string"}]},
            "x",
            "fits several forms that exclude each other",
        ),
        (
            {"if": {"type": "string"}, "then": {"minLength": 3}},
            "ab",
            "expected at least 3 characters",
        ),
        ({"contentEncoding": "base64"}, 5, ""),
    ],
)
def test_every_keyword_has_its_words(
    schema: dict[str, Any], value: Any, message: str
) -> None:
    found = [problem.message for problem in answer_problems(value, schema)]

    assert found == ([message] if message else [])


def test_what_a_field_must_not_hold_is_named_at_the_field() -> None:
    schema = {"properties": {"a": False, "b": {"dependentRequired": {"x": ["y"]}}}}

    assert dict(answer_problems({"a": 1, "b": {"x": 1}}, schema)) == {
        "a": "must not be given",
        "b.y": "required",
    }


def test_the_list_of_problems_has_an_end() -> None:
    closed = {"properties": {"a": {}}, "additionalProperties": False}

    unknown = answer_problems({f"k{n}": n for n in range(99)}, closed)
    wrong = answer_problems(["x"] * 99, {"items": {"type": "number"}})

    assert len(unknown) == len(wrong) == SCHEMA_PROBLEMS_MAX


def test_half_a_character_is_no_json() -> None:
    assert answer_problems("\ud800", {"type": "string"}) == [("", "expected JSON")]
