"""The functions an expression may call, as ``size(x)`` or as ``x.size()``."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from apps.engine.expressions.errors import ExpressionError
from apps.engine.expressions.operators import contains
from apps.engine.expressions.values import (
    Scope,
    checked_number,
    is_number,
    kind_of,
    text_of,
)
from apps.engine.limits import GLOB_WORK_MAX

_WHOLE: Final = re.compile(r"\s*[+-]?\d{1,19}\s*")
_NUMBER: Final = re.compile(
    r"\s*[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?\s*"
)


class Function(NamedTuple):
    """``arguments`` is how many it takes, the receiver of a method included."""

    arguments: int
    call: Callable[..., Any]


def _starts_with(scope: Scope, text: Any, start: Any) -> bool:
    return text is not None and _text(text).startswith(_text(start))


def _ends_with(scope: Scope, text: Any, end: Any) -> bool:
    return text is not None and _text(text).endswith(_text(end))


def _matches(scope: Scope, text: Any, pattern: Any) -> bool:
    return text is not None and matches_glob(_text(text), _text(pattern))


def _size(scope: Scope, value: Any) -> int:
    if value is None:
        return 0
    if not isinstance(value, str | list | tuple | dict):
        raise ExpressionError(f"a {kind_of(value)} has no size")
    return len(value)


def _has(scope: Scope, value: Any) -> bool:
    return value is not None


def _lower(scope: Scope, text: Any) -> str:
    return _text(text).lower()


def _upper(scope: Scope, text: Any) -> str:
    return _text(text).upper()


def _int(scope: Scope, value: Any) -> int:
    if is_number(value):
        return int(checked_number(int(checked_number(value))))
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(checked_number(int(value)))
    raise ExpressionError(f"no whole number can be made of this {kind_of(value)}")


def _float(scope: Scope, value: Any) -> float:
    if is_number(value):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(checked_number(float(value)))
    raise ExpressionError(f"no number can be made of this {kind_of(value)}")


def _string(scope: Scope, value: Any) -> str:
    return text_of(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"expected a string, not {kind_of(value)}")
    return value


def matches_glob(text: str, pattern: str) -> bool:
    """Say whether all of ``text`` fits ``pattern``: ``*`` any run, ``?`` any one.

    Greedy with a single point of return, so at most length times length steps; a
    regular expression could take exponentially many.

    Raises:
        ExpressionError: the two together are too long to be compared.
    """
    if len(text) * len(pattern) > GLOB_WORK_MAX:
        raise ExpressionError("text and pattern are too long for matches()")
    at, of = 0, 0
    star, resume = -1, 0
    while at < len(text):
        if of < len(pattern) and pattern[of] == "*":
            star, resume = of, at
            of += 1
        elif of < len(pattern) and pattern[of] in ("?", text[at]):
            at, of = at + 1, of + 1
        elif star >= 0:
            resume += 1
            at, of = resume, star + 1
        else:
            return False
    return all(sign == "*" for sign in pattern[of:])


FUNCTIONS: Final[Mapping[str, Function]] = {
    "startsWith": Function(2, _starts_with),
    "endsWith": Function(2, _ends_with),
    "contains": Function(2, contains),
    "matches": Function(2, _matches),
    "size": Function(1, _size),
    "len": Function(1, _size),
    "has": Function(1, _has),
    "lower": Function(1, _lower),
    "upper": Function(1, _upper),
    "int": Function(1, _int),
    "float": Function(1, _float),
    "string": Function(1, _string),
}
