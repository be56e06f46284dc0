"""Figures: the quantiles of many, and the rows of the table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_HEADINGS: Final = ("what", "measured", "aim", "machine's limit beside it", "ratio")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; every field is ready to be read."""

    what: str
    measured: str
    aim: str = ""
    limit: str = ""
    ratio: str = ""


def quantile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that ``part`` of all values do not exceed."""
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[max(0, math.ceil(part * len(ranked)) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the value in the middle."""
    return quantile(values, 0.5)


def in_ms(seconds: Sequence[float]) -> str:
    """Return p50 and p99 of durations."""
    p50, p99 = quantile(seconds, 0.5) * 1000, quantile(seconds, 0.99) * 1000
    digits = 1 if p50 >= 1 else 2
    return f"{p50:.{digits}f} / {p99:.{digits}f} ms"


def in_mib(size: float) -> str:
    """Return bytes as MiB."""
    return f"{size / 2**20:.0f} MiB"


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """Return the median, and the lowest and highest in brackets."""
    low, high = min(values), max(values)
    return f"{median(values):{form}} [{low:{form}}-{high:{form}}]"


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a table."""
    lines = [_line(_HEADINGS), _line(["---"] * len(_HEADINGS))]
    lines += [_line([r.what, r.measured, r.aim, r.limit, r.ratio]) for r in rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
