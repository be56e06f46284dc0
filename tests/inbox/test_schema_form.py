"""From a JSON Schema to fields, and from what was typed to an answer."""

from typing import Any

import pytest
from django.http import QueryDict

from apps.inbox.answer_form import AnswerForm, form_for
from apps.inbox.reading import ABSENT
from apps.interactions.models import Interaction

ADDRESS = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
}


def form_of(schema: dict[str, Any]) -> AnswerForm:
    spec = {"mode": "form", "schema": schema}
    return form_for(Interaction(type="input", spec=spec))


def of(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def sent(form: AnswerForm, query: str) -> Any:
    """The answer that a form makes of what was sent."""
    return form.read(QueryDict(query))


def problems(form: AnswerForm) -> dict[str, str]:
    return {field.path: field.problem for field in form.wrong}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 1000}, "textarea"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": "integer"}, "whole"),
        ({"type": "number"}, "number"),
        ({"type": "boolean"}, "checkbox"),
        ({"const": True}, "checkbox"),
        ({"const": "v1"}, "constant"),
        ({"enum": ["a", "b"]}, "radios"),
        ({"enum": list("abcdefg")}, "select"),
        ({"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}, "radios"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "checkboxes"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "format": "date-time"}, "instant"),
        ({"type": "string", "format": "email"}, "email"),
        ({"type": "array", "items": {"type": "string"}}, "json"),
        ({"type": "object"}, "json"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "json"),
        ({"$ref": "#/$defs/a"}, "json"),
        ({}, "json"),
        (True, "json"),
    ],
)
def test_each_kind_of_value_has_its_field(schema: Any, kind: str) -> None:
    (field,) = form_of(of({"x": schema})).body.fields()

    assert field.kind == kind


@pytest.mark.parametrize(
    ("schema", "typed", "value"),
    [
        ({"type": "string"}, " a b ", " a b "),
        ({"type": "integer"}, " 12 ", 12),
        ({"type": "integer"}, "12.0", 12),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "number"}, "7", 7),
        ({"type": "boolean"}, "on", True),
        ({"enum": ["a", 2, None]}, "1", 2),
        ({"enum": ["a", 2, None]}, "2", None),
        ({"type": "string", "format": "date"}, "2026-05-04", "2026-05-04"),
        (
            {"type": "string", "format": "date-time"},
            "2026-05-04T12:30",
            "2026-05-04T12:30:00Z",
        ),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", [1, 2]),
    ],
)
def test_what_was_typed_becomes_a_value(schema: Any, typed: str, value: Any) -> None:
    query = QueryDict(mutable=True)
    query["f:x"] = typed

    assert form_of(of({"x": schema}, "x")).read(query) == {"x": value}


@pytest.mark.parametrize(
    ("schema", "typed", "problem"),
    [
        ({"type": "string"}, "", "is required"),
        ({"type": "integer"}, "", "is required"),
        ({"type": "integer"}, "1.5", "expected a whole number"),
        ({"type": "integer"}, "1e400", "expected a whole number"),
        ({"type": "number"}, "NaN", "expected a number, such as 12.5"),
        ({"type": "number"}, "a lot", "expected a number, such as 12.5"),
        ({"enum": ["a"]}, "9", "is required"),
        ({"type": "string", "format": "date-time"}, "noon", "expected a date and a"),
        ({"type": "object"}, "{a}", "expected JSON"),
        ({"type": "object"}, "NaN", "expected JSON"),
        ({"type": "object"}, "[" * 100_000, "expected JSON"),
        ({"type": "object"}, "1e999", "expected JSON"),
    ],
)
def test_what_cannot_be_read_is_named_at_its_field(
    schema: Any, typed: str, problem: str
) -> None:
    query = QueryDict(mutable=True)
    query["f:x"] = typed
    form = form_of(of({"x": schema}, "x"))

    assert form.read(query) is ABSENT
    assert problems(form)["x"].startswith(problem)


def test_the_schema_has_the_last_word() -> None:
    form = form_of(of({"n": {"type": "integer", "minimum": 5}}, "n"))

    assert sent(form, "f:n=4") is ABSENT
    assert "5" in problems(form)["n"]
    assert form.only.text == "4"


def test_everything_wrong_is_told_at_once() -> None:
    schema = of(
        {"a": {"type": "integer"}, "b": {"type": "integer", "maximum": 3}}, "a", "b"
    )
    form = form_of(schema)

    assert sent(form, "f:a=x&f:b=4") is ABSENT
    assert set(problems(form)) == {"a", "b"}
    assert form.problems == []


def test_what_is_left_empty_and_may_be_is_left_out() -> None:
    schema = of(
        {
            "text": {"type": "string"},
            "number": {"type": "number"},
            "choice": {"enum": ["a"]},
            "many": {"type": "array", "items": {"enum": ["a"]}},
            "json": {"type": "object"},
        }
    )

    assert sent(form_of(schema), "f:text=&f:number=&f:json=") == {}


def test_a_required_list_of_choices_may_be_empty() -> None:
    schema = of({"many": {"type": "array", "items": {"enum": ["a", "b"]}}}, "many")

    assert sent(form_of(schema), "") == {"many": []}
    assert sent(form_of(schema), "f:many=1&f:many=0") == {"many": ["a", "b"]}


def test_an_inner_object_that_may_be_missing_is_left_out_when_empty() -> None:
    form = form_of(of({"home": ADDRESS, "name": {"type": "string"}}, "name"))

    assert sent(form, "f:name=Ann&f:home.city=") == {"name": "Ann"}


def test_an_inner_object_that_was_begun_has_to_be_complete() -> None:
    form = form_of(of({"home": ADDRESS}))

    assert sent(form, "f:home.zip=80331") is ABSENT
    assert problems(form) == {"home.city": "is required"}


def test_an_inner_object_is_put_together() -> None:
    form = form_of(of({"home": ADDRESS}, "home"))

    assert sent(form, "f:home.city=Bonn") == {"home": {"city": "Bonn"}}


def test_a_problem_inside_json_is_told_at_its_field() -> None:
    schema = of({"rows": {"type": "array", "items": {"type": "integer"}}})
    form = form_of(schema)

    assert sent(form, 'f:rows=[1, "x"]') is ABSENT
    assert problems(form)["rows"].startswith("[1]: ")


def test_a_schema_that_cannot_be_drawn_is_one_field_for_json() -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 2}

    assert sent(form_of(schema), "f=[1, 2]") == [1, 2]
    form = form_of(schema)
    assert sent(form, "f=[1]") is ABSENT
    assert form.only.text == "[1]"
    assert form.only.problem != ""


def test_a_rule_over_several_fields_is_told_above_the_form() -> None:
    schema = {
        **of({"a": {"type": "string"}, "b": {"type": "string"}}),
        "minProperties": 1,
    }
    form = form_of(schema)

    assert sent(form, "") is ABSENT
    assert form.wrong == []
    assert len(form.problems) == 1


def test_defaults_are_filled_in() -> None:
    schema = of(
        {
            "text": {"type": "string", "default": "hello"},
            "yes": {"type": "boolean", "default": True},
            "one": {"enum": [1, True], "default": True},
            "many": {
                "type": "array",
                "items": {"enum": ["a", "b"]},
                "default": ["b"],
            },
            "at": {
                "type": "string",
                "format": "date-time",
                "default": "2026-05-04T12:30:00Z",
            },
            "home": {**ADDRESS, "default": {"city": "Bonn"}},
        }
    )
    fields = {field.path: field for field in form_of(schema).body.fields()}

    assert fields["text"].text == "hello"
    assert fields["yes"].chosen == ["on"]
    assert fields["one"].chosen == ["1"]
    assert fields["many"].chosen == ["1"]
    assert fields["at"].text == "2026-05-04T12:30"
    assert fields["home.city"].text == "Bonn"


def test_a_constant_is_sent_whatever_the_browser_says() -> None:
    form = form_of(of({"v": {"const": 2}, "a": {"type": "string"}}))

    assert sent(form, "f:v=9&f:a=x") == {"v": 2, "a": "x"}


def test_a_box_that_has_to_be_ticked() -> None:
    schema = of({"agree": {"type": "boolean", "const": True}}, "agree")

    assert sent(form_of(schema), "f:agree=on") == {"agree": True}
    form = form_of(schema)
    assert sent(form, "") is ABSENT
    assert set(problems(form)) == {"agree"}


def test_fields_stand_in_the_order_that_is_written_down() -> None:
    properties = {name: {"type": "string"} for name in ("a", "b", "c")}
    by_need = form_of(of(properties, "c"))
    by_word = form_of({**of(properties, "c"), "x-order": ["b", "c"]})

    assert [field.key for field in by_need.body.fields()] == ["c", "a", "b"]
    assert [field.key for field in by_word.body.fields()] == ["b", "c", "a"]


def test_deep_objects_end_in_json() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(8):
        schema = of({"x": schema})
    (field,) = form_of(schema).body.fields()

    assert field.kind == "json"


def test_names_that_look_like_paths_are_answered_as_json() -> None:
    schema = of({"a.c": {"type": "string"}, "a": of({"c": {"type": "string"}})})
    (field,) = form_of(schema).body.fields()

    assert field.kind == "json"
