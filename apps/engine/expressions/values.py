"""What values mean: truth, equality, text, size. JSON values only."""

import json
import math
from typing import Any, Final

from apps.engine.expressions.errors import ExpressionError
from apps.engine.limits import (
    EVALUATION_STEPS_MAX,
    NUMBER_MAX,
    OUTPUT_CHARS_MAX,
    VALUE_NESTING_MAX,
)

_PLAIN_FLOAT_MAX: Final = 1e15


class Placed(dict[str, Any]):
    """An object whose parts also have places: ``steps[0]`` beside ``steps.fetch``."""

    def __init__(self, parts: Any, places: Any) -> None:
        super().__init__(parts)
        self.places = places


class Scope:
    """The roots of one evaluation and the steps it may still take."""

    __slots__ = ("roots", "steps_left")

    def __init__(self, roots: Any) -> None:
        self.roots = roots
        self.steps_left = EVALUATION_STEPS_MAX

    def spend(self, steps: int) -> None:
        """Pay for work; ``ExpressionError`` when the evaluation has had enough."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise ExpressionError("the expression takes too many steps")


def is_truthy(value: object) -> bool:
    """Say whether a condition with this value holds.

    False are null, false, 0, "", "false", and empty lists and objects.
    """
    if isinstance(value, str):
        return value not in ("", "false")
    return bool(value)


def is_number(value: object) -> bool:
    """Say whether ``value`` is a JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of(value: object) -> str:
    """Return the JSON name of the type of ``value``, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list | tuple) else "object"


def checked_number(value: Any) -> Any:
    """Return ``value``, a number that JSON and the database can hold.

    Raises:
        ExpressionError: beyond 64 bits, infinite, or not a number at all.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionError("the result is too large a number")
    elif not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise ExpressionError("the result is too large a number")
    return value


def same(scope: Scope, left: Any, right: Any) -> bool:
    """Say whether two values are equal as JSON: ``1 == 1.0``, but ``1 != true``."""
    pairs = [(left, right)]
    while pairs:
        scope.spend(1)
        a, b = pairs.pop()
        kind = kind_of(a)
        if kind != kind_of(b):
            return False
        if kind == "array":
            if len(a) != len(b):
                return False
            scope.spend(len(a))
            pairs.extend(zip(a, b, strict=True))
        elif kind == "object":
            if a.keys() != b.keys():
                return False
            scope.spend(len(a))
            pairs.extend((a[key], b[key]) for key in a)
        elif a != b:
            return False
    return True


def size_of(value: Any) -> int:
    """Return roughly how many characters ``value`` has as JSON.

    Raises:
        ExpressionError: beyond ``OUTPUT_CHARS_MAX``, or nested beyond
            ``VALUE_NESTING_MAX``.
    """
    if isinstance(value, str):
        total, stack = len(value), []
    elif isinstance(value, dict | list | tuple):
        total, stack = 0, [(value, 1)]
    else:
        return 1
    while stack:
        holder, depth = stack.pop()
        if depth > VALUE_NESTING_MAX:
            raise ExpressionError(f"nested deeper than {VALUE_NESTING_MAX} levels")
        if isinstance(holder, dict):
            total += sum(map(len, holder))
            parts: Any = holder.values()
        else:
            parts = holder
        total += len(holder)
        for part in parts:
            if isinstance(part, str):
                total += len(part)
            elif isinstance(part, dict | list | tuple):
                stack.append((part, depth + 1))
        if total > OUTPUT_CHARS_MAX:
            break
    if total > OUTPUT_CHARS_MAX:
        raise ExpressionError(f"larger than {OUTPUT_CHARS_MAX} characters")
    return total


def text_of(value: Any) -> str:
    """Return ``value`` as it reads inside a text: null is empty, objects are JSON.

    Raises:
        ExpressionError: too large or too deep to be written.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if (
        isinstance(value, float)
        and value.is_integer()
        and abs(value) < _PLAIN_FLOAT_MAX
    ):
        return str(int(value))
    size_of(value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except ValueError as error:  # more digits than Python writes
        raise ExpressionError(str(error)) from error
