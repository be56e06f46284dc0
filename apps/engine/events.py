"""Whether an event is one that a step waits for, and what it becomes there.

The same functions judge twice: the dispatcher asks with what a wait has written down,
to spare runs that would say no; the engine asks again and is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from apps.engine.expressions import Expression, ExpressionError
from apps.engine.expressions.values import Scope, same

#: What conditions and mappings of events see besides the run's own roots.
EVENT_ROOTS: Final = frozenset({"event", "meta"})
SIGNAL_PREFIX: Final = "signal."


class Envelope(NamedTuple):
    """An event as waits see it."""

    event_type: str
    source_id: str
    event: Mapping[str, Any]
    meta: Mapping[str, Any]

    def roots(self) -> dict[str, Any]:
        """Return what expressions about it see."""
        return {"event": self.event, "meta": self.meta}

    def output(self) -> dict[str, Any]:
        """Return what a step without a mapping puts out."""
        return {**self._asdict(), "event": dict(self.event), "meta": dict(self.meta)}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of its type a wait takes, with its templates rendered.

    ``match`` holds values by path, ``meta.order_id``; ``source_id`` "" is any.
    """

    source_id: str = ""
    match: Mapping[str, Any] | None = None
    condition: Expression | None = None


def mismatch(
    wanted: EventFilter, envelope: Envelope, run: Mapping[str, Any] | None = None
) -> str:
    """Return why an event is not taken, in words; "" when it is.

    ``run`` are the run's own roots. A condition that has no value for an event does
    not hold for it.
    """
    if wanted.source_id and wanted.source_id != envelope.source_id:
        return f"source_id is {envelope.source_id!r}, not {wanted.source_id!r}"
    for path, value in (wanted.match or {}).items():
        found = value_at(envelope, path)
        if not _equal(found, value):
            return f"{path} is {found!r:.100}, not {value!r:.100}"
    if wanted.condition is None:
        return ""
    try:
        holds = wanted.condition.holds({**(run or {}), **envelope.roots()})
    except ExpressionError as error:
        return f"the condition has no value: {error}"
    return "" if holds else "the condition does not hold"


def value_at(envelope: Envelope, path: str) -> Any:
    """Return what is at ``event.a.b`` or ``meta.a``; null where there is nothing."""
    value: Any = envelope.roots()
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def covers(pattern: str, event_type: str) -> bool:
    """Say whether ``pattern``, a type or ``prefix.*``, is meant for ``event_type``."""
    if pattern.endswith(".*"):
        prefix = pattern[:-1]
        return event_type.startswith(prefix) and event_type != prefix
    return pattern == event_type


def mapped(mapping: Mapping[str, Expression], envelope: Envelope) -> Any:
    """Return what the step puts out: the mapping's values, or the whole event.

    Raises:
        ExpressionError: an expression has no value for this event.
    """
    if not mapping:
        return envelope.output()
    roots = envelope.roots()
    return {name: expression.evaluate(roots) for name, expression in mapping.items()}


def _equal(left: Any, right: Any) -> bool:
    try:
        return same(Scope({}), left, right)
    except ExpressionError:
        return False  # too large to be compared


def lookup_of(match: Mapping[str, Any]) -> tuple[str, str]:
    """Return a path of ``match`` and the key of its value, by which waits are found.

    The first path, in the order of the alphabet, whose value is no object or array;
    two empty texts where there is none, and the wait is found by its type alone.
    """
    for path in sorted(match):
        key = key_of(match[path])
        if key:
            return path, key
    return "", ""


def key_of(value: Any) -> str:
    """Return a short text that is the same for values equal as JSON; "" for objects
    and arrays."""
    if isinstance(value, str):
        text = f"text {value}"
    elif value is None or isinstance(value, bool):
        text = f"word {value}"
    elif isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        text = f"number {int(value) if whole else value!r}"
    else:
        return ""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def containment(match: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object that events which match contain, and some others, too: for
    asking a database first. Left out are objects and arrays, and null, since what is
    missing counts as null."""
    root: dict[str, Any] = {}
    plain = {p: v for p, v in match.items() if v is not None and key_of(v)}
    for path, value in plain.items():
        *parents, last = path.split(".")
        at: Any = root
        for key in parents:
            at = at.setdefault(key, {})
            if not isinstance(at, dict):
                break
        if isinstance(at, dict) and last not in at:
            at[last] = value
    return root
