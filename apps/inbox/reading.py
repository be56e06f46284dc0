"""Pure: from what somebody typed to a JSON value."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

#: Stands for a field that was left empty.
ABSENT: Final[Any] = object()
#: Whole numbers that every reader of JSON reads exactly.
WHOLE_MAX: Final = 2**53


class Unreadable(Exception):
    """What was typed is not of the field's kind; the message says what was expected."""


def read_whole(text: str) -> Any:
    """Return a whole number; ABSENT for nothing.

    Raises:
        Unreadable: it is none.
    """
    number = _number_in(text)
    if number is ABSENT:
        return ABSENT
    if number is None or number != int(number) or abs(number) > WHOLE_MAX:
        raise Unreadable("expected a whole number")
    return int(number)


def read_number(text: str) -> Any:
    """Return a number; ABSENT for nothing.

    Raises:
        Unreadable: it is none.
    """
    number = _number_in(text)
    if number is None:
        raise Unreadable("expected a number, such as 12.5")
    return number


def read_instant(text: str) -> Any:
    """Return an instant in UTC; ABSENT for nothing. A text without a zone is in UTC:
    ``datetime-local`` has none, and the form says so.

    Raises:
        Unreadable: it is none.
    """
    if not text.strip():
        return ABSENT
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("expected a date and a time") from None
    return at.isoformat().replace("+00:00", "Z")


def read_json(text: str) -> Any:
    """Return the value of a JSON text; ABSENT for nothing.

    Raises:
        Unreadable: it is none.
    """
    if not text.strip():
        return ABSENT
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Unreadable('expected JSON, such as {"a": 1} or ["a", "b"]') from None


def _number_in(text: str) -> Any:
    """Return the number; ABSENT for nothing, None for what is none."""
    plain = text.strip()
    if not plain:
        return ABSENT
    reads: tuple[Callable[[str], int | float], ...] = (int, float)
    for read in reads:
        try:
            number = read(plain)
        except ValueError:
            continue
        return number if isfinite(number) else None
    return None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _refuse(word: str) -> Any:
    raise ValueError(word)
