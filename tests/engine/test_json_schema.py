"""Which JSON Schemas are refused, and what a schema and a value may cost."""

import socket
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest

from apps.engine.json_schema import answer_problems, schema_problem
from apps.engine.limits import NESTING_MAX

HERE = "expected a reference inside the schema, such as #/$defs/name"


def doubling(levels: int) -> dict[str, Any]:
    """Return a schema in which each level asks twice for the next."""
    defs: dict[str, Any] = {
        f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)
    }
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{levels}": {"type": "string"}}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels - 1):
        schema = {"not": schema}
    return schema


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on this machine that would notice if anybody came."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"amount": {"type": "number"}}},
        {"type": "string", "pattern": r"^\p{L}+@\w+$"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}, {}]},
        {"$id": "https://example.com/order", "$ref": "#/$defs/x", "$defs": {"x": {}}},
        {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {}}},
        {"$ref": "#/allOf/1", "allOf": [{}, {"type": "null"}]},
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}},
        {"const": {"$ref": "http://elsewhere.test"}},
        doubling(5),
        nested(NESTING_MAX),
    ],
)
def test_a_usable_schema_has_no_problem(schema: dict[str, Any]) -> None:
    assert schema_problem(schema) == ""


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (None, "expected an object"),
        ([], "expected an object"),
        (True, "expected an object"),
        ({"minimum": float("nan")}, "expected JSON"),
        ({"title": {1}}, "expected JSON"),
        ({"title": "\ud800"}, "expected JSON"),
        ({"description": "x" * 70_000}, "larger than 65536 characters"),
        (nested(NESTING_MAX + 1), "nested deeper than 32 levels"),
        ({"minLength": -1}, "minLength: expected at least 0"),
        ({"properties": []}, "properties: expected an object"),
        (
            {"properties": {"a": {"required": "b"}}},
            "properties.a.required: expected an array",
        ),
        (
            {"pattern": "(?=a)b"},
            "pattern: expected a short regular expression without look-around and "
            "back-references",
        ),
        (
            {"patternProperties": {r"(a)\1": {}}},
            r"patternProperties.(a)\1: expected a short regular expression without "
            "look-around and back-references",
        ),
        ({"$ref": "other.json"}, f"$ref: {HERE}"),
        ({"$ref": "file:///etc/hostname"}, f"$ref: {HERE}"),
        ({"$ref": "#name"}, f"$ref: {HERE}"),
        ({"$ref": 5}, f"$ref: {HERE}"),
        ({"items": {"$dynamicRef": "#x"}}, f"items.$dynamicRef: {HERE}"),
        ({"allOf": [{"$ref": "#/$defs/no"}]}, "allOf[0].$ref: there is no #/$defs/no"),
        ({"$ref": "#/allOf/7", "allOf": []}, "$ref: there is no #/allOf/7"),
        ({"$ref": "#"}, "the schema refers to itself"),
        (
            {
                "$ref": "#/$defs/tree",
                "$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}}},
            },
            "$defs.tree: the schema refers to itself",
        ),
        (
            {"items": {"$id": "https://x.test/"}},
            "items.$id: only the whole schema has an $id",
        ),
        ({"enum": list(range(6000))}, "more than 5000 parts"),
    ],
)
def test_an_unusable_schema_is_refused_with_the_reason(
    schema: object, problem: str
) -> None:
    assert schema_problem(schema) == problem


def test_an_unknown_draft_is_refused_with_the_known_ones() -> None:
    problem = schema_problem({"$schema": "http://json-schema.org/draft-04/schema#"})

    assert problem.startswith(
        "$schema: expected one of http://json-schema.org/draft-06"
    )


@pytest.mark.parametrize("key", ["$ref", "$dynamicRef", "$recursiveRef", "$schema"])
@pytest.mark.parametrize("inside", [False, True])
def test_nothing_is_ever_fetched(
    listener: socket.socket, key: str, inside: bool
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/schema.json"
    part = {key: address, "$id": address} if inside else {key: address}

    assert schema_problem({"items": part} if inside else part)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_value_that_nests_too_deep_never_reaches_the_library() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]

    assert answer_problems(value, {}) == [("", "nested deeper than 100 levels")]


def test_an_unusable_schema_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="refers to itself"):
        answer_problems(1, {"$ref": "#"})


HOSTILE: dict[str, tuple[dict[str, Any], Any]] = {
    "backtracking": ({"pattern": "^(a+)+$"}, "a" * 100_000 + "!"),
    "counted": ({"pattern": r"(\w{1,50}\s){5}z"}, "abc " * 25_000),
    "findings": ({"items": {"allOf": [{"type": "string"}] * 100}}, [1] * 50_000),
    "alternatives": (
        {"anyOf": [{"items": {"allOf": [{"type": "string"}] * 100}}]},
        [1] * 50_000,
    ),
    "too much": ({"items": {"allOf": [{"type": "string"}] * 900}}, [1] * 50_000),
    "copies": ({"allOf": [{"type": "number"}] * 3000}, "x" * 100_000),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_pair_is_answered_quickly(name: str) -> None:
    schema, value = HOSTILE[name]
    started = process_time()

    assert len(answer_problems(value, schema)) == 1
    assert process_time() - started < 1


def test_references_that_double_are_refused_before_they_cost_anything() -> None:
    started = process_time()

    assert schema_problem(doubling(30)).endswith("more than 5000 parts")
    assert process_time() - started < 1


def test_a_chain_of_references_has_an_end() -> None:
    defs: dict[str, Any] = {
        f"a{n}": {"items": {"$ref": f"#/$defs/a{n + 1}"}} for n in range(400)
    }
    schema = {"$ref": "#/$defs/a0", "$defs": {**defs, "a400": {}}}

    assert schema_problem(schema).endswith("nested deeper than 100 levels")


def test_many_regular_expressions_are_refused() -> None:
    many = {f"p{n}": {"pattern": f"^{n}$"} for n in range(60)}

    assert schema_problem({"properties": many}) == "more than 5000 parts"
