"""What an authored ``interaction`` block may say: who is asked, and for what."""

from collections.abc import Mapping
from typing import Final

from apps.engine.limits import OPTIONS_MAX
from apps.engine.parsing_fields import Fields

#: Which ways of answering fit which type of question.
_MODES: Final[Mapping[str, tuple[str, ...]]] = {
    "approval": ("confirm",),
    "review": ("select",),
    "input": ("input", "select", "multi_select"),
}
_ALL_MODES: Final = ("confirm", "select", "multi_select", "input")


def check_interaction(asked: Fields) -> None:
    """Report what is wrong with an ``interaction`` block; its timeout is not read."""
    asked.require("type")
    kind = asked.choice("type", tuple(_MODES), "input")
    asked.text("message", required=True)
    asked.mapping("context")
    if asked.require("target"):
        target = asked.object("target", frozenset({"type", "id", "require_all"}))
        target.require("type")
        target.choice("type", ("user", "group"), "user")
        target.text("id", required=True)
        target.flag("require_all")
    if asked.has("spec"):
        _check_answer(asked, kind)


def _check_answer(asked: Fields, kind: str) -> None:
    answer = asked.object(
        "spec",
        frozenset({"mode", "options", "placeholder", "multiline", "default_value"})
        | {"default_values", "default_text", "default_confirmed"},
    )
    answer.require("mode")
    mode = answer.choice("mode", _ALL_MODES, _MODES[kind][0])
    if mode not in _MODES[kind]:
        fitting = " or ".join(_MODES[kind])
        answer.problem("mode", f"type {kind} asks for mode {fitting}")
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


def _option(fields: Fields) -> str:
    fields.text("label", required=True)
    fields.text("description")
    return fields.text("value", required=True)
