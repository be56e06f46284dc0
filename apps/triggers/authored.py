"""What authors write into triggers: conditions, and where inputs come from.

A condition is an expression over ``event``, ``meta`` and ``inputs`` (what was sent by
hand, else empty). An input comes from a path into the event (``$.commit.sha``), from
text with expressions (``${event.sha}``), or is any other JSON as it stands.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from apps.engine.expressions import Expression, ExpressionError, compile_expression
from apps.engine.templates import compile_template

ROOTS: Final = frozenset({"event", "meta", "inputs"})
PATH_CHARS_MAX: Final = 1000
_COMPILED_MAX: Final = 10_000
#: Some dialects wrap conditions like templates.
_WRAPPED: Final = re.compile(r"\$?\{\{(.*)\}\}|\$\{(.*)\}", re.DOTALL)
_STEP: Final = re.compile(
    r"""\.([A-Za-z_][\w-]*)|\[(\d{1,9})\]|\['([^']+)'\]|\["([^"]+)"\]"""
)

Roots = Mapping[str, Any]
Source = Callable[[Roots], Any]


def condition_holds(condition: str, roots: Roots) -> bool:
    """Say whether a condition holds; an empty one does.

    Raises:
        ExpressionError: it cannot be read, or has no value for these roots.
    """
    return not condition or compile_condition(condition).holds(roots)


@lru_cache(maxsize=_COMPILED_MAX)
def compile_condition(condition: str) -> Expression:
    """Return a condition, ready to be evaluated.

    Raises:
        ExpressionError: it is no expression, or names something unknown.
    """
    text = condition.strip()
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped:
        text = wrapped[1] if wrapped[1] is not None else wrapped[2]
    return compile_expression(text, ROOTS)


def mapped_inputs(mapping: Mapping[str, Any], roots: Roots) -> dict[str, Any]:
    """Return the inputs a mapping makes; those without a value are left out.

    Raises:
        ExpressionError: one of them has no value for these roots.
    """
    made = {name: _evaluated(name, each, roots) for name, each in mapping.items()}
    return {name: value for name, value in made.items() if value is not None}


def compile_source(authored: Any) -> Source:
    """Return where one input comes from.

    Raises:
        ExpressionError: a path or an expression in it cannot be read.
    """
    if isinstance(authored, str) and is_path(authored):
        return _path(authored)
    return _template(json.dumps(authored))


def is_path(text: str) -> bool:
    """Say whether a text is meant as a path into the event."""
    return text == "$" or text.startswith(("$.", "$["))


def _evaluated(name: str, authored: Any, roots: Roots) -> Any:
    try:
        return compile_source(authored)(roots)
    except ExpressionError as error:
        raise ExpressionError(f"input {name}: {error}") from error


@lru_cache(maxsize=_COMPILED_MAX)
def _template(authored: str) -> Source:
    return compile_template(json.loads(authored), ROOTS).render


@lru_cache(maxsize=_COMPILED_MAX)
def _path(text: str) -> Source:
    steps: list[str | int] = []
    at = 1
    if len(text) > PATH_CHARS_MAX:
        raise ExpressionError(f"a path has at most {PATH_CHARS_MAX} characters")
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise ExpressionError(
                f"cannot read the path at {text[at : at + 20]!r}; expected one such"
                " as $.commit.sha or $.items[0]['the name']"
            )
        name, index, quoted, double = found.groups()
        steps.append(int(index) if index else name or quoted or double)
        at = found.end()

    def look_up(roots: Roots) -> Any:
        value = roots["event"]
        for step in steps:
            value = _part(value, step)
        return value

    return look_up


def _part(value: Any, step: str | int) -> Any:
    """Return the part of a value; what has no such part has nothing there."""
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    fits = isinstance(value, list) and step < len(value)
    return value[step] if fits else None
