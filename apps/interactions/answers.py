"""Pure: which values answer a question. The engine checks how it may be asked."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

VALUE_CHARS_MAX: Final = 100_000
_OPTIONS_NAMED_MAX: Final = 20


class Mode(StrEnum):
    """How a question is answered; ``spec.mode`` on the wire."""

    CONFIRM = "confirm"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    INPUT = "input"


#: How a type of question is answered when its spec does not say.
_DEFAULT_MODES: Final[Mapping[str, Mode]] = {
    "approval": Mode.CONFIRM,
    "review": Mode.SELECT,
    "input": Mode.INPUT,
}


def default_spec(type_: str) -> dict[str, Any]:
    """Return the spec of a question of ``type_`` that was asked without one."""
    return {"mode": _DEFAULT_MODES.get(type_, Mode.INPUT).value}


def problem_with(value: Any, spec: Mapping[str, Any]) -> str:
    """Return what was expected when ``value`` does not answer; "" when it does.

    A choice without options takes any text.
    """
    mode = Mode(spec["mode"])
    options = [option["value"] for option in spec.get("options") or ()]
    if mode is Mode.SELECT and not options:
        mode = Mode.INPUT
    return _CHECKS[mode](value, options)


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
