"""Which event types exist, and who may name them: in triggers, in waits, in patterns.

A pattern is an exact type, or everything below a prefix: ``github.pull_request.*``.
Nobody writes ``*``, everything; it is what webhooks without a list listen for.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from apps.source_events.event_types import EventType
from apps.source_events.internal_types import INTERNAL_TYPES
from apps.source_events.public_types import CUSTOM, PROVIDER_TYPES, PUBLIC_TYPES

__all__ = [
    "CUSTOM_PREFIX",
    "EVERYTHING",
    "SIGNAL_PREFIX",
    "TYPES",
    "TYPE_CHARS_MAX",
    "EventType",
    "Internal",
    "Public",
    "check_trigger_type",
    "check_wait_type",
    "entry_of",
    "pattern_matches",
    "patterns_of",
]


class Internal(StrEnum):
    """Drive the system; never authored in triggers or waits."""

    RUN_BEGIN = "run.progress_initial"
    RUN_RESUME = "run.resume"
    WAIT_DUE = "loop_run.resume"
    LEASE_LOST = "loop_run.continue"
    JOB_CLAIMED = "job.claimed"
    JOB_COMPLETED = "loop.run_allocation.completed"
    JOB_FAILED = "loop.run_allocation.failed"
    INTERACTION_CANCELLED = "interaction.cancelled"
    INTERACTION_UNANSWERABLE = "interaction.unanswerable"
    INTERACTION_DUE = "interaction.due"
    INTERACTION_CALLBACK = "interaction.http_subscriber.dispatch"
    SCHEDULE_TICK = "schedule.tick"
    SCHEDULE_FIRED = "loop.schedule.tick"
    HTTP_FIRED = "loop.http_trigger.received"
    TRIGGER_DUE = "trigger.due"
    RUN_DEADLINE = "loop_run.deadline"
    CHILD_WANTED = "loop_run.child_wanted"
    DEFINITION_DUE = "definition.due"


class Public(StrEnum):
    """Readable by everybody in the project."""

    ARTIFACT_CREATED = "artifact.created"
    EMAIL_RECEIVED = "email.received"
    HTTP_RECEIVED = "http_trigger.received"
    INTERACTION_RESOLVED = "interaction.resolved"
    RUN_CANCELLED = "run.cancelled"
    RUN_COMPLETED = "run.completed"
    RUN_FAILED = "run.failed"
    SESSION_MESSAGE_CREATED = "session.message.created"
    TABLE_ROW_DELETED = "table.row.deleted"
    TABLE_ROW_INSERTED = "table.row.inserted"
    TABLE_ROW_UPDATED = "table.row.updated"


#: ``signal.<name>``: a signal was sent to a run.
SIGNAL_PREFIX: Final = "signal."
#: ``custom.<name>``: published by somebody of the project.
CUSTOM_PREFIX: Final = CUSTOM.prefix
TYPE_CHARS_MAX: Final = 128
#: The pattern of every public type.
EVERYTHING: Final = "*"

#: Every row of the catalogue.
TYPES: Final[tuple[EventType, ...]] = (
    *PUBLIC_TYPES,
    CUSTOM,
    *PROVIDER_TYPES,
    *INTERNAL_TYPES,
)
_BY_NAME: Final[Mapping[str, EventType]] = {
    entry.name: entry for entry in TYPES if not entry.prefix
}
_FAMILIES: Final[Mapping[str, EventType]] = {
    entry.prefix: entry for entry in TYPES if entry.prefix
}
#: Words between dots. What follows ``signal.`` is free: signals have any name.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+")
_WILDCARD: Final = ".*"
_MISPLACED: Final = "expected an exact name or one trailing wildcard, such as run.*"

Allowed = Callable[[EventType], bool]


def entry_of(event_type: str) -> EventType | None:
    """Return the row of a type, the family's for a member; None for unknown types."""
    entry = _BY_NAME.get(event_type)
    if entry is None:
        first, dot, rest = event_type.partition(".")
        entry = _FAMILIES.get(first + dot) if rest else None
    return entry


def patterns_of(event_type: str) -> list[str]:
    """Return every pattern that matches a type, the narrowest first.

    ``a.b.c`` has ``a.b.c``, ``a.b.*``, ``a.*`` and ``*``, so that finding who listens
    is a look-up whose cost depends on the name alone. Nothing matches internal types.
    """
    entry = entry_of(event_type)
    if entry is None or not entry.public:
        return []
    dots = [at for at, char in enumerate(event_type[:-1]) if char == "."]
    wide = [f"{event_type[: at + 1]}*" for at in reversed(dots)]
    wide = [pattern for pattern in wide if pattern != event_type]
    return [event_type, *wide, EVERYTHING]


def pattern_matches(pattern: str, event_type: str) -> bool:
    """Say whether events of a type reach a pattern; internal ones never do."""
    entry = entry_of(event_type)
    if entry is None or not entry.public:
        return False
    prefix = pattern[:-1]
    below = event_type.startswith(prefix) and len(event_type) > len(prefix)
    exact = pattern in (event_type, EVERYTHING)
    return exact or (pattern.endswith(_WILDCARD) and below)


def check_trigger_type(event_type: str) -> str:
    """Return what is wrong with the event type of a trigger; nothing when it is fine.

    It may be a pattern that covers at least one type which can start runs.
    """
    return _check(event_type, lambda entry: entry.triggerable)


def check_wait_type(event_type: str) -> str:
    """Return what is wrong with the event type of a wait; nothing when it is fine.

    It may be a pattern, as in triggers; answers and signals can be waited for too.
    """
    return _check(event_type, lambda entry: entry.waitable)


def _check(pattern: str, allowed: Allowed) -> str:
    if len(pattern) > TYPE_CHARS_MAX:
        return f"expected at most {TYPE_CHARS_MAX} characters"
    if "\x00" in pattern:
        return "must not contain the character NUL"
    wild = pattern.endswith(_WILDCARD)
    covered = _below(pattern[:-1]) if wild else _named(pattern)
    if any(allowed(entry) for entry in covered):
        return _check_name(pattern.removesuffix(_WILDCARD) if wild else pattern, wild)
    if covered:
        told = next((entry for entry in covered if entry.public), covered[0])
        return f"{pattern} cannot be used here, {told.instead}"
    if wild and _NAME.fullmatch(f"{pattern.removesuffix(_WILDCARD)}.any"):
        return f"no event type is below {pattern.removesuffix('*')}"
    if "*" in pattern:
        return _MISPLACED
    return f"{pattern} is no event type{_nearest(pattern)}"


def _named(event_type: str) -> list[EventType]:
    entry = entry_of(event_type)
    return [entry] if entry else []


def _below(prefix: str) -> list[EventType]:
    """Return the rows of which some type begins with ``prefix`` and a dot."""
    return [
        entry
        for entry in TYPES
        if (entry.prefix or entry.name).startswith(prefix)
        or (entry.prefix and prefix.startswith(entry.prefix))
    ]


def _check_name(name: str, wild: bool) -> str:
    """Return what is wrong with how a known type is written."""
    if name.startswith(SIGNAL_PREFIX):
        return ""
    if _NAME.fullmatch(f"{name}.any" if wild else name):
        return ""
    if "*" in name:
        return _MISPLACED
    return f"expected lower case words between dots, not {name}"


def _nearest(event_type: str) -> str:
    """Return a hint: the type that looks most like it, and what is free to choose."""
    names = [
        name for entry in TYPES if entry.public for name in (entry.name, *entry.members)
    ]
    near = difflib.get_close_matches(event_type, names, n=1)
    meant = f" (is it {near[0]}?)" if near else ""
    return f"{meant}; events of your own begin with {CUSTOM_PREFIX}"
