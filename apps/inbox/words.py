"""Pure: instants, statuses and lines of a timeline as people say them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_TEXT_MAX: Final = 80

STATUS_WORDS: Final[Mapping[str, str]] = {
    "pending": "Waiting for an answer",
    "in_review": "In review",
    "completed": "Answered",
    "expired": "Expired",
    "cancelled": "Cancelled",
}
RUN_STATUS_WORDS: Final[Mapping[str, str]] = {
    "queued": "Queued",
    "running": "Running",
    "suspended": "Waiting",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
TYPE_WORDS: Final[Mapping[str, str]] = {
    "approval": "Approval",
    "review": "Review",
    "input": "Information",
    "work": "Work",
}

Facts = Mapping[str, Any]


def span(length: timedelta) -> str:
    """Return a length of time to the nearest minute, hour or day: ``3 h``."""
    if length < 59.5 * _MINUTE:
        return f"{max(round(length / _MINUTE), 1)} min"
    if length < 47.5 * _HOUR:
        return f"{round(length / _HOUR)} h"
    return f"{round(length / _DAY)} days"


def relative(at: datetime, now: datetime) -> str:
    """Return where ``at`` lies, seen from ``now``: ``in 3 h``, ``5 min ago``."""
    if abs(at - now) < _MINUTE:
        return "in less than a minute" if at > now else "just now"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def exact(at: datetime) -> str:
    """Return an instant in full, in UTC."""
    return f"{at:%a %d %b %Y, %H:%M:%S} UTC"


def shorten(text: str, length: int = _TEXT_MAX) -> str:
    """Return ``text`` on one line, cut at ``length``."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def line_in_words(type_: str, facts: Facts, from_worker: bool = False) -> str:
    """Return one line of a run's timeline as a sentence."""
    if from_worker:
        return f"The worker reported {type_}"
    say = _LINES.get(type_)
    if say is None:
        return type_.replace(".", " ").replace("_", " ").capitalize()
    return say(facts)


def _step(verb: str) -> Callable[[Facts], str]:
    return lambda facts: f"Step {_name(facts)} {verb}"


def _action(verb: str) -> Callable[[Facts], str]:
    return lambda facts: f"{shorten(str(facts.get('action') or 'An action'))} {verb}"


def _run(words: str) -> Callable[[Facts], str]:
    return lambda facts: words


def _with_error(words: Callable[[Facts], str]) -> Callable[[Facts], str]:
    def say(facts: Facts) -> str:
        reason = facts.get("error") or facts.get("error_message") or ""
        if isinstance(reason, Mapping):
            reason = reason.get("message") or ""
        return f"{words(facts)}: {shorten(str(reason))}" if reason else words(facts)

    return say


def _name(facts: Facts) -> str:
    return shorten(str(facts.get("step") or facts.get("step_name") or ""))


_LINES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "run.started": _run("The run started"),
    "run.resumed": _run("The run went on"),
    "run.suspended": _run("The run began to wait"),
    "run.completed": _run("The run completed"),
    "run.failed": _with_error(_run("The run failed")),
    "run.cancelled": _run("The run was cancelled"),
    "step.started": _step("started"),
    "step.completed": _step("completed"),
    "step.failed": _with_error(_step("failed")),
    "step.retried": _with_error(_step("will be tried again")),
    "step.suspended": _step("waits"),
    "step.resumed": _step("went on"),
    "action.called": _action("was called"),
    "action.claimed": _action("was taken by a worker"),
    "action.completed": _action("completed"),
    "action.failed": _with_error(_action("failed")),
    "action.retried": _action("will be tried again"),
    "wait.opened": _step("began to wait"),
    "wait.resumed": _step("has what it waited for"),
    "wait.timed_out": _step("waited too long"),
    "interaction.requested": _run("People were asked"),
    "interaction.answered": _run("One of those asked answered"),
    "interaction.responded": _run("The question was decided"),
    "interaction.claimed": _run("Somebody took the question on"),
    "interaction.released": _run("The question was given back to the group"),
    "interaction.delegated": _run("The question was passed on"),
    "interaction.escalated": _run("More people were asked"),
    "interaction.reminded": _run("Those asked were reminded"),
    "interaction.submitted": _run("The answer went to its reviewers"),
    "interaction.changes_requested": _run("The reviewers asked for changes"),
    "interaction.cancelled": _run("The question was withdrawn"),
    "interaction.expired": _run("The question expired"),
}
