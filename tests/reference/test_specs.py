"""What the document says of specs, against the parser's own closed lists of fields."""

import re
from typing import Any

import pytest

from apps.engine import parse_linear, parse_spec
from apps.engine.parsing_fields import Fields
from tests.support.reference import closed_contract, resolved, validator_of

PERSON = {"type": "user", "id": "prin_1"}
QUESTION = {
    "type": "input",
    "message": "Which?",
    "timeout": "24h",
    "spec": {"mode": "select", "options": [{"value": "a", "label": "A"}]},
    "target": PERSON,
    "resolution_policy": {"type": "quorum", "threshold": 1},
    "escalation": [{"after": "2h", "target": PERSON}],
    "review": {"reviewers": ["prin_1"]},
    "delivery": {"channels": [{"kind": "email", "email": {"to": ["a@example.com"]}}]},
}
RULES = {
    "retry": [{"max_retries": 1}],
    "catch": [{"error_equals": ["E"], "next": "end"}],
}
GRAPH = {
    "name": "all",
    "inputs": [{"name": "n", "type": "number"}],
    "outputs": [{"name": "n", "variable": "v"}],
    "steps": [
        {
            "name": "act",
            "action": "b",
            "layout": {"x": 1},
            "each": {"items": [1]},
            "next": [{"step": "ask"}],
            **RULES,
        },
        {"name": "ask", "interaction": QUESTION, "next": [{"step": "both"}]},
        {
            "name": "both",
            "interaction": {
                **{n: v for n, v in QUESTION.items() if n != "target"},
                "targets": [PERSON, {"type": "group", "id": "leads"}],
            },
            "next": [{"step": "hear"}],
        },
        {
            "name": "hear",
            "wait_for_event": {"event_type": "custom.a"},
            "next": [{"step": "signal"}],
        },
        {
            "name": "signal",
            "wait_signal": {"topic": "t", "timeout": "1h"},
            "next": [{"step": "rest"}],
        },
        {"name": "rest", "sleep": {"duration": "1s"}, "next": [{"step": "stop"}]},
        {"name": "stop", "pause": {}, "next": [{"step": "end"}]},
        {"name": "end", "join": {"count": 1}},
    ],
}
LINEAR = {
    "schema_version": "1",
    "event": {"n": {"type": "number"}},
    "limits": {"credit_budget": 5},
    "steps": [
        {
            "id": "act",
            "kind": "action",
            "config": {"action_name": "b"},
            "retry": {"max_attempts": 2},
            "timeout": {"duration": "1h"},
        },
        {"id": "rest", "kind": "sleep", "config": {"duration": "1s"}},
        {"id": "hear", "kind": "wait_for_event", "config": {"event_type": "custom.a"}},
        {
            "id": "ask",
            "kind": "interaction",
            "config": {"protocol": "request_approval", "targets": ["prin_1"]},
        },
        {"id": "child", "kind": "loop", "config": {"loop_id": "l"}},
        {
            "id": "check",
            "kind": "check",
            "config": {
                "checks": [{"name": "c", "kind": "expr", "expr": "true"}],
                "on_fail": "gate",
                "gate": {"targets": ["prin_1"]},
            },
        },
        {
            "id": "agent",
            "kind": "agent",
            "config": {"instructions": "i", "model_route": {"mode": "worker"}},
        },
    ],
}


def known_fields(monkeypatch: pytest.MonkeyPatch, parse: Any, spec: Any) -> Any:
    """By place, without numbers: the fields that the parser knows there."""
    found: dict[str, set[str]] = {}
    begin = Fields.__init__

    def note(fields: Fields, report: Any, path: str, values: Any, known: Any) -> None:
        begin(fields, report, path, values, known)
        if path == "" and found:
            return  # a block that is read by itself
        found.setdefault(re.sub(r"\[\d+]", "[]", path), set()).update(known)

    monkeypatch.setattr(Fields, "__init__", note)
    parse(spec)
    return found


def declared_fields(schema: Any, place: str) -> set[str]:
    """The fields that the document has at a place, of all forms that it may have."""
    forms = [resolved(schema)]
    for step in filter(None, re.split(r"\.|(?=\[)", place)):
        inner = [each for form in forms for each in flat(form)]
        if step == "[]":
            forms = [each["items"] for each in inner if "items" in each]
        else:
            forms = [
                each["properties"][step]
                for each in inner
                if step in each.get("properties", {})
            ]
    every = [each for form in forms for each in flat(form)]
    return {name for each in every for name in each.get("properties", {})}


def flat(schema: Any) -> list[Any]:
    """A schema, or those that it is one of."""
    whole = resolved(schema)
    if "anyOf" not in whole:
        return [whole]
    return [each for form in whole["anyOf"] for each in flat(form)]


@pytest.mark.parametrize(
    ("name", "spec", "parse"),
    [("WorkflowSpec", GRAPH, parse_spec), ("NewLoop", LINEAR, parse_linear)],
)
def test_the_document_knows_the_fields_that_the_parser_knows(
    monkeypatch: pytest.MonkeyPatch, name: str, spec: Any, parse: Any
) -> None:
    def read(authored: Any) -> None:
        more = {} if parse is parse_spec else {"event_type_problem": lambda _: ""}
        parse(authored, server_actions=frozenset(), **more)

    schema = closed_contract()["components"]["schemas"][name]
    named = spec if name == "WorkflowSpec" else {"name": "n", **spec}
    assert [*validator_of(schema).iter_errors(named)] == []

    found = known_fields(monkeypatch, read, spec)
    assert len(found) > 10
    for place, known in found.items():
        # Around the steps a loop has fields that an automation has not; what is read
        # by itself is read elsewhere as well.
        if place.startswith(("steps", "inputs", "outputs", "limits")):
            assert declared_fields(schema, place) == known, place
