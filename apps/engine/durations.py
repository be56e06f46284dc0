"""Durations as people write them: ``1h30m`` (Go) or ``PT1H30M`` (ISO 8601)."""

import re
from datetime import datetime, timedelta
from typing import Final

from apps.engine.limits import DURATION_MAX

_MICROSECONDS: Final = {
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
    "µs": 1,  # the micro sign
    "μs": 1,  # the Greek letter, which Go accepts as well
    "ns": 0.001,
}
_PART: Final = re.compile(r"(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(h|ms|m|s|us|µs|μs|ns)")
_ISO: Final = re.compile(
    r"P(?:(?P<w>\d{1,6})W)?(?:(?P<d>\d{1,6})D)?"
    r"(?:T(?:(?P<h>\d{1,9})H)?(?:(?P<m>\d{1,9})M)?(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)S)?)?"
)
_TEXT_CHARS_MAX: Final = 64


class DurationError(ValueError):
    """The text is no duration, or one that is too long."""


def parse_duration(text: str) -> timedelta:
    """Return the span that ``text`` names, never negative, in whole microseconds.

    Raises:
        DurationError: not written as ``1h30m``, ``500ms`` or ``PT5M``, or longer
            than ``DURATION_MAX``.
    """
    source = text.strip()
    if len(source) > _TEXT_CHARS_MAX:
        raise DurationError("expected a duration such as 30s or 1h30m")
    span = _parse_iso(source) if source.startswith("P") else _parse_go(source)
    if span > DURATION_MAX:
        raise DurationError(f"{source} is longer than {DURATION_MAX.days} days")
    return span


def format_duration(span: timedelta) -> str:
    """Return ``span`` as Go would read it back: ``24h``, ``1h30m``, ``500ms``, ``0s``.

    Raises:
        DurationError: ``span`` is negative.
    """
    left = span // timedelta(microseconds=1)
    if left < 0:
        raise DurationError("a duration is never negative")
    parts: list[str] = []
    for unit in ("h", "m", "s", "ms", "us"):
        count, left = divmod(left, int(_MICROSECONDS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def read_instant(text: str) -> datetime | None:
    """Return the instant that an RFC 3339 text names; None for others, also for times
    without a zone."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _parse_go(source: str) -> timedelta:
    if source == "0":
        return timedelta(0)
    position, total = 0, 0.0
    whole = 0
    while match := _PART.match(source, position):
        amount, unit = match.groups()
        if amount.isdigit() and unit != "ns":
            whole += int(amount) * int(_MICROSECONDS[unit])
        else:
            total += float(amount) * _MICROSECONDS[unit]
        position = match.end()
    if position == 0 or position != len(source):
        raise DurationError(f"{source!r} is no duration such as 30s or 1h30m")
    return _span(whole + round(total), source)


def _parse_iso(source: str) -> timedelta:
    match = _ISO.fullmatch(source)
    parts = match.groupdict() if match else {}
    if not any(parts.values()) or source.endswith("T"):
        raise DurationError(f"{source!r} is no duration such as PT5M or P1D")
    days = int(parts["w"] or 0) * 7 + int(parts["d"] or 0)
    minutes = int(parts["h"] or 0) * 60 + int(parts["m"] or 0) + days * 1440
    return _span(
        minutes * 60_000_000 + round(float(parts["s"] or 0) * 1_000_000), source
    )


def _span(microseconds: int, source: str) -> timedelta:
    try:
        return timedelta(microseconds=microseconds)
    except OverflowError:
        raise DurationError(f"{source} is too long") from None
