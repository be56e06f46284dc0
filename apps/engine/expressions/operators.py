"""What the operators do, one function each."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.engine.expressions.errors import ExpressionError
from apps.engine.expressions.values import (
    Placed,
    Scope,
    checked_number,
    is_number,
    kind_of,
    same,
    size_of,
)
from apps.engine.limits import OUTPUT_CHARS_MAX

Operator = Callable[[Scope, Any, Any], Any]


def member(value: Any, key: Any) -> Any:
    """Return the part of ``value`` under ``key``; null where there is none.

    Raises:
        ExpressionError: ``value`` has no parts, or ``key`` has the wrong type.
    """
    if value is None:
        return None
    if isinstance(value, Placed) and not isinstance(key, str):
        value = value.places
    if isinstance(value, dict):
        if not isinstance(key, str):
            raise ExpressionError(f"the key of an object is no {kind_of(key)}")
        return value.get(key)
    if isinstance(value, list | tuple):
        if isinstance(key, bool) or not isinstance(key, int):
            raise ExpressionError(f"the index of an array is no {kind_of(key)}")
        return value[key] if 0 <= key < len(value) else None
    raise ExpressionError(f"a {kind_of(value)} has no part {key!r}")


def contains(scope: Scope, holder: Any, sought: Any) -> bool:
    """Say whether a text, array or object holds ``sought``; null holds nothing."""
    if holder is None:
        return False
    if isinstance(holder, str):
        if not isinstance(sought, str):
            raise ExpressionError(f"a string contains no {kind_of(sought)}")
        return sought in holder
    if isinstance(holder, dict):
        return isinstance(sought, str) and sought in holder
    if isinstance(holder, list | tuple):
        return any(same(scope, item, sought) for item in holder)
    raise ExpressionError(f"a {kind_of(holder)} contains nothing")


def _add(scope: Scope, left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return checked_number(left + right)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > OUTPUT_CHARS_MAX:
            raise ExpressionError(f"larger than {OUTPUT_CHARS_MAX} characters")
        return left + right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        scope.spend(len(left) + len(right))
        joined = [*left, *right]
        size_of(joined)
        return joined
    raise _mismatch("+", left, right)


def _subtract(scope: Scope, left: Any, right: Any) -> Any:
    _expect_numbers("-", left, right)
    return checked_number(left - right)


def _multiply(scope: Scope, left: Any, right: Any) -> Any:
    _expect_numbers("*", left, right)
    return checked_number(left * right)


def _divide(scope: Scope, left: Any, right: Any) -> Any:
    _expect_numbers("/", left, right)
    if right == 0:
        raise ExpressionError("division by zero")
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return checked_number(left // right)
    return checked_number(left / right)


def _remainder(scope: Scope, left: Any, right: Any) -> Any:
    """The remainder has the sign of the dividend, as in Go and JavaScript."""
    _expect_numbers("%", left, right)
    if right == 0:
        raise ExpressionError("division by zero")
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return checked_number(-rest if left < 0 else rest)
    return checked_number(math.fmod(left, right))


def _expect_numbers(sign: str, left: Any, right: Any) -> None:
    if not (is_number(left) and is_number(right)):
        raise _mismatch(sign, left, right)


def _ordering(sign: str, holds: Callable[[Any, Any], bool]) -> Operator:
    def compare(scope: Scope, left: Any, right: Any) -> bool:
        both_texts = isinstance(left, str) and isinstance(right, str)
        if not both_texts and not (is_number(left) and is_number(right)):
            raise _mismatch(sign, left, right)
        return holds(left, right)

    return compare


def _mismatch(sign: str, left: Any, right: Any) -> ExpressionError:
    return ExpressionError(f"no {sign} between {kind_of(left)} and {kind_of(right)}")


#: Binding power, and meaning. ``&&`` and ``||`` live in the grammar: they may stop
#: after their left side.
BINARY: Final[Mapping[str, tuple[int, Operator]]] = {
    "==": (3, same),
    "!=": (3, lambda scope, left, right: not same(scope, left, right)),
    "<": (4, _ordering("<", lambda left, right: left < right)),
    "<=": (4, _ordering("<=", lambda left, right: left <= right)),
    ">": (4, _ordering(">", lambda left, right: left > right)),
    ">=": (4, _ordering(">=", lambda left, right: left >= right)),
    "in": (4, lambda scope, left, right: contains(scope, right, left)),
    "+": (5, _add),
    "-": (5, _subtract),
    "*": (6, _multiply),
    "/": (6, _divide),
    "%": (6, _remainder),
}
