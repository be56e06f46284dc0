"""The ``interaction`` block: what is asked, how it is answered, what is rendered."""

from typing import Any

import pytest

from apps.engine.decisions import RequestInteraction
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_interactions import (
    LOOP_MODES,
    QUESTION_FIELDS,
    WORKFLOW_MODES,
    Modes,
    check_interaction,
)
from tests.engine.blocks import OPTIONS, SCHEMA, TWO_HOURS, asked, problems
from tests.engine.stories import Story, spec_of


def checked(
    block: dict[str, Any], modes: Modes = WORKFLOW_MODES, **how: Any
) -> dict[str, str]:
    """Return what is wrong with a block that is no step's."""
    report = Report()
    check_interaction(Fields(report, "", block, QUESTION_FIELDS), modes, **how)
    return dict(report.problems)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"description": "Long story", "context": {"n": 1}},
        {"type": "review", "spec": {"mode": "select", "options": OPTIONS}},
        {"type": "input", "spec": {"mode": "input", "placeholder": "x"}},
        {"type": "input", "spec": {"mode": "multi_select", "options": OPTIONS}},
        {"type": "approval", "spec": {"mode": "form", "schema": SCHEMA}},
        {"type": "review", "spec": {"mode": "form", "schema": SCHEMA}},
        {"type": "input", "spec": {"mode": "form", "schema": SCHEMA}},
        {"on_timeout": "ask", "store": "answer"},
    ],
)
def test_a_sound_block_is_read(changes: dict[str, Any]) -> None:
    assert problems(asked(**changes)) == {}


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"type": None}, "type", "required"),
        ({"type": "chat"}, "type", "expected one of approval, review, input"),
        ({"type": "work"}, "type", "expected one of approval, review, input"),
        ({"message": " "}, "message", "must not be blank"),
        ({"description": 1}, "description", "expected a string"),
        ({"context": []}, "context", "expected an object"),
        ({"more": 1}, "more", "unknown field"),
        ({"timeout": None}, "timeout", "required"),
        ({"timeout": "0s"}, "timeout", "expected more than 0s"),
        ({"spec": {}}, "spec.mode", "required"),
        (
            {"spec": {"mode": "select", "options": OPTIONS}},
            "spec.mode",
            "type approval asks for mode confirm or form",
        ),
        (
            {"type": "review", "spec": {"mode": "select"}},
            "spec.options",
            "required with mode select",
        ),
        (
            {"type": "review", "spec": {"mode": "select", "options": OPTIONS * 2}},
            "spec.options",
            "two options have the same value",
        ),
        ({"spec": {"mode": "form"}}, "spec.schema", "required"),
        (
            {"spec": {"mode": "form", "schema": True}},
            "spec.schema",
            "expected an object",
        ),
        (
            {
                "spec": {
                    "mode": "form",
                    "schema": {"properties": {"a": {"minimum": "1"}}},
                }
            },
            "spec.schema",
            "properties.a.minimum: expected a number",
        ),
        (
            {"spec": {"mode": "confirm", "schema": SCHEMA}},
            "spec.schema",
            "only mode form has a schema",
        ),
        (
            {"spec": {"mode": "confirm", "multiline": "x"}},
            "spec.multiline",
            "expected true or false",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(
    changes: dict[str, Any], path: str, message: str
) -> None:
    assert problems(asked(**changes)) == {path: message}


@pytest.mark.parametrize(
    ("modes", "kind", "fitting"),
    [
        (WORKFLOW_MODES, "approval", {"confirm", "form"}),
        (WORKFLOW_MODES, "review", {"select", "form"}),
        (WORKFLOW_MODES, "input", {"input", "select", "multi_select", "form"}),
        (LOOP_MODES, "approval", {"confirm", "select", "form"}),
        (LOOP_MODES, "review", {"select", "input", "form"}),
        (LOOP_MODES, "input", {"input", "select", "multi_select", "form"}),
        (LOOP_MODES, "work", {"confirm", "input", "select", "multi_select", "form"}),
    ],
)
def test_each_wording_has_its_table_of_modes(
    modes: Modes, kind: str, fitting: set[str]
) -> None:
    found = set()
    for mode in ("confirm", "select", "multi_select", "input", "form"):
        extra: dict[str, Any] = {"schema": SCHEMA} if mode == "form" else {}
        block = {
            "type": kind,
            "message": "m",
            "spec": {"mode": mode, "options": OPTIONS, **extra},
        }
        if not checked(block, modes, with_target=False):
            found.add(mode)

    assert found == fitting


def test_a_caller_that_reads_the_target_itself_may_leave_it_out() -> None:
    block = {
        "type": "work",
        "message": "m",
        "resolution_policy": {"type": "quorum", "threshold": 3},
    }

    assert checked(block, LOOP_MODES, with_target=False) == {}
    assert set(checked(block, LOOP_MODES)) == {"target"}


def test_outside_a_step_a_placeholder_is_a_text_like_others() -> None:
    block = {"type": "input", "message": "m", "reminders": ["${inputs.soon}"]}

    assert set(checked(block, with_target=False)) == {"reminders[0]"}
    assert checked(block, with_target=False, templated=True) == {}


def test_templates_stand_for_spans_addresses_and_parts_of_a_schema() -> None:
    block = asked(
        reminders=["${inputs.first}", "1h"],
        escalation=[{**TWO_HOURS, "after": "${inputs.later}"}],
        delivery={"channels": [{"kind": "email", "email": {"to": ["${inputs.mail}"]}}]},
        spec={"mode": "form", "schema": {"enum": "${inputs.choices}"}},
    )

    assert problems(block) == {}


def test_a_broken_placeholder_is_found_wherever_it_stands() -> None:
    block = asked(
        target=None,
        targets=["${nobody}"],
        escalation=[{"after": "1h", "targets": [{"type": "user", "id": "${1 +}"}]}],
        spec={"mode": "form", "schema": {"title": "${x}"}},
    )

    assert set(problems(block)) == {
        "targets[0]",
        "escalation[0].targets[0].id",
        "spec.schema.title",
    }


def test_the_whole_block_is_rendered_but_what_is_the_engines_own() -> None:
    block = asked(
        type="input",
        target=None,
        targets=["${inputs.who}", {"type": "group", "id": "${inputs.team}"}],
        description="for ${inputs.who}",
        escalation=[
            {"after": "1h", "target": {"type": "user", "id": "${inputs.boss}"}}
        ],
        review={"reviewers": ["${inputs.boss}"]},
        spec={"mode": "form", "schema": {"enum": "${inputs.sizes}"}},
        exclude_initiator=True,
        on_timeout="ask",
        store="answer",
    )
    inputs = {"who": "ann", "team": "legal", "boss": "bob", "sizes": [1, 2]}

    config = (
        Story(spec_of({"name": "ask", "interaction": block}), inputs)
        .the(RequestInteraction)
        .config
    )

    assert config == {
        "type": "input",
        "message": "ok?",
        "targets": ["ann", {"type": "group", "id": "legal"}],
        "description": "for ann",
        "escalation": [{"after": "1h", "target": {"type": "user", "id": "bob"}}],
        "review": {"reviewers": ["bob"]},
        "spec": {"mode": "form", "schema": {"enum": [1, 2]}},
        "exclude_initiator": True,
    }


def test_options_are_rendered() -> None:
    options = [{"value": "${inputs.v}", "label": "It is ${inputs.v}"}]
    block = asked(type="review", spec={"mode": "select", "options": options})

    story = Story(spec_of({"name": "ask", "interaction": block}), {"v": "x"})

    shown = story.the(RequestInteraction).config["spec"]["options"]
    assert shown == [{"value": "x", "label": "It is x"}]


def test_a_step_of_before_reads_as_before() -> None:
    """Every field the first version knew, at once."""
    block = {
        "type": "input",
        "message": "m",
        "context": {"n": None},
        "target": {"type": "group", "id": "g", "require_all": True},
        "timeout": "1h",
        "store": "answer",
        "on_timeout": "ask",
        "spec": {
            "mode": "multi_select",
            "options": [{"value": "a", "label": "A", "description": "d"}],
            "default_value": "b",
            "default_values": ["b"],
            "default_text": "t",
            "default_confirmed": True,
            "placeholder": "p",
            "multiline": True,
        },
    }

    assert problems(block) == {}
