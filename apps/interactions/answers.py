"""Pure: which values answer a question. The engine checks how it may be asked."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from apps.api.rendering import to_json
from apps.engine.json_schema import answer_problems as schema_problems

VALUE_CHARS_MAX: Final = 100_000
_OPTIONS_NAMED_MAX: Final = 20

#: Where something is wrong, below the answer ("" is the answer itself), and what was
#: expected there.
Problem = tuple[str, str]


class Mode(StrEnum):
    """How a question is answered; ``spec.mode`` on the wire."""

    CONFIRM = "confirm"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    INPUT = "input"
    FORM = "form"


#: How a type of question is answered when its spec does not say.
_DEFAULT_MODES: Final[Mapping[str, Mode]] = {
    "approval": Mode.CONFIRM,
    "review": Mode.SELECT,
    "input": Mode.INPUT,
    "work": Mode.INPUT,
}


def default_spec(type_: str) -> dict[str, Any]:
    """Return the spec of a question of ``type_`` that was asked without one."""
    return {"mode": _DEFAULT_MODES.get(type_, Mode.INPUT).value}


def mode_of(spec: Mapping[str, Any] | None, type_: str) -> Mode:
    """Return how a question is answered."""
    return Mode((spec or default_spec(type_))["mode"])


def answer_problems(value: Any, spec: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with ``value`` as an answer; nothing when it is one.

    A choice without options takes any text.
    """
    mode = Mode(spec["mode"])
    if mode is Mode.FORM:
        return _form(value, spec.get("schema") or {})
    options = [option["value"] for option in spec.get("options") or ()]
    if mode is Mode.SELECT and not options:
        mode = Mode.INPUT
    problem = _CHECKS[mode](value, options)
    return [("", problem)] if problem else []


def _form(value: Any, schema: Mapping[str, Any]) -> list[Problem]:
    written = to_json(value)
    if len(written) > VALUE_CHARS_MAX:
        return [("", f"expected at most {VALUE_CHARS_MAX} bytes of JSON")]
    if b"\\u0000" in written:
        return [("", "must not contain the character NUL")]
    return list(schema_problems(value, schema))


def _confirm(value: Any, options: Sequence[str]) -> str:
    return "" if isinstance(value, bool) else "expected true or false"


def _select(value: Any, options: Sequence[str]) -> str:
    if isinstance(value, str) and value in options:
        return ""
    return f"expected one of {_named(options)}"


def _multi_select(value: Any, options: Sequence[str]) -> str:
    fits = (
        isinstance(value, list)
        and all(isinstance(item, str) and item in options for item in value)
        and len(set(value)) == len(value)
    )
    return "" if fits else f"expected a list with any of {_named(options)}, each once"


def _input(value: Any, options: Sequence[str]) -> str:
    if not isinstance(value, str):
        return "expected a string"
    if len(value) > VALUE_CHARS_MAX:
        return f"expected at most {VALUE_CHARS_MAX} characters"
    return "must not contain the character NUL" if "\x00" in value else ""


def _named(options: Sequence[str]) -> str:
    more = ", …" if len(options) > _OPTIONS_NAMED_MAX else ""
    return ", ".join(options[:_OPTIONS_NAMED_MAX]) + more


_CHECKS: Final[Mapping[Mode, Callable[[Any, Sequence[str]], str]]] = {
    Mode.CONFIRM: _confirm,
    Mode.SELECT: _select,
    Mode.MULTI_SELECT: _multi_select,
    Mode.INPUT: _input,
}
