"""What an authored ``interaction`` block may say: what is asked, and the answer.

Steps bring blocks with templates in them and callers bring plain ones, so what a
template may still become is left alone where ``templated`` says that there may be any.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from apps.engine.json_schema import schema_problem
from apps.engine.limits import OPTIONS_MAX
from apps.engine.parsing_fields import Fields
from apps.engine.parsing_people import RULE_FIELDS, check_people, check_targets

Modes = Mapping[str, tuple[str, ...]]

#: Which ways of answering fit which type of question; the first is the usual one.
WORKFLOW_MODES: Final[Modes] = {
    "approval": ("confirm", "form"),
    "review": ("select", "form"),
    "input": ("input", "select", "multi_select", "form"),
}
#: The same in the newer words, which know one type more.
LOOP_MODES: Final[Modes] = {
    "approval": ("confirm", "select", "form"),
    "review": ("select", "input", "form"),
    "input": ("input", "select", "multi_select", "form"),
    "work": ("input", "confirm", "select", "multi_select", "form"),
}
_ALL_MODES: Final = ("confirm", "select", "multi_select", "input", "form")

#: Every field of the block that says what is asked of whom.
QUESTION_FIELDS: Final = RULE_FIELDS | {
    "type",
    "message",
    "description",
    "context",
    "spec",
    "target",
    "targets",
}


def check_interaction(
    asked: Fields,
    modes: Modes = WORKFLOW_MODES,
    *,
    with_target: bool = True,
    templated: bool = False,
    timeout: timedelta | None = None,
) -> None:
    """Report what is wrong with an ``interaction`` block.

    ``modes`` are the types there are, and the ways to answer each. Without
    ``with_target`` the caller reads itself who is asked. ``timeout`` was read by the
    caller, too; nothing may come after it.
    """
    asked.require("type")
    kind = asked.choice("type", tuple(modes), "input")
    asked.text("message", required=True)
    asked.text("description")
    asked.mapping("context")
    if with_target:
        check_targets(asked)
    check_people(asked, with_target=with_target, templated=templated, timeout=timeout)
    if asked.has("spec"):
        _check_answer(asked, kind, modes[kind], templated=templated)


def _check_answer(
    asked: Fields, kind: str, fitting: tuple[str, ...], *, templated: bool
) -> None:
    answer = asked.object(
        "spec",
        frozenset({"mode", "options", "placeholder", "multiline", "default_value"})
        | {"default_values", "default_text", "default_confirmed", "schema"},
    )
    answer.require("mode")
    mode = answer.choice("mode", _ALL_MODES, fitting[0])
    if mode not in fitting:
        answer.problem("mode", f"type {kind} asks for mode {' or '.join(fitting)}")
    known = frozenset({"value", "label", "description"})
    options = answer.objects("options", OPTIONS_MAX, known, _option)
    if mode in ("select", "multi_select") and not answer.raw("options"):
        answer.problem("options", f"required with mode {mode}")
    if len(set(options)) != len(options):
        answer.problem("options", "two options have the same value")
    for key in ("default_value", "default_text", "placeholder"):
        answer.text(key)
    answer.names("default_values", OPTIONS_MAX)
    answer.flag("default_confirmed")
    answer.flag("multiline")
    _check_schema(answer, mode, templated=templated)


def _option(fields: Fields) -> str:
    fields.text("label", required=True)
    fields.text("description")
    return fields.text("value", required=True)


def _check_schema(answer: Fields, mode: str, *, templated: bool) -> None:
    if mode != "form":
        if answer.has("schema"):
            answer.problem("schema", "only mode form has a schema")
        return
    if not answer.require("schema"):
        return
    schema = answer.raw("schema")
    if templated and isinstance(schema, dict) and answer.is_template(schema):
        return  # known as a whole only when it is asked
    problem = schema_problem(schema)
    if problem:
        answer.problem("schema", problem)
