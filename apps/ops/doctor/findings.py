"""What a check found: how bad it is, and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """``problem``: something does not work or is about to stop; ``warning``: it works,
    and should be otherwise."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``advice`` says what to do where it is not well."""

    part: str
    level: Level
    message: str
    advice: str = ""


Look = Callable[[datetime], Iterator[Finding]]


def well(part: str, message: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(part, Level.OK, message)


def warn(part: str, message: str, advice: str) -> Finding:
    """Return that something should be otherwise."""
    return Finding(part, Level.WARNING, message, advice)


def bad(part: str, message: str, advice: str) -> Finding:
    """Return that something does not work."""
    return Finding(part, Level.PROBLEM, message, advice)
