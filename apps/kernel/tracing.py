"""Traces: spans of OpenTelemetry, as far as the house needs them.

Off until ``start`` is called, and then nothing of OpenTelemetry is even imported: every
function here looks at one name and returns. A place in a trace is handed on as its
``traceparent`` (W3C, 55 characters), in rows as in headers, so what a row wakes belongs
to what wrote it, in whatever process and however much later.

Spans hold ids, names and types, never values, addresses with paths, or the texts of
errors: a trace leaves the house.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from apps.kernel.trace_spans import Tracing

Facts = Mapping[str, str | int | None]
_NOTHING: Final[Facts] = {}
_NOWHERE: Final = nullcontext()

_live: "Tracing | None" = None


class Kind(Enum):
    """What a span is, in the words of OpenTelemetry."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    CONSUMER = "consumer"


class Span:
    """A stretch of work. This one is in no trace: whatever is done with it does
    nothing. As a context manager it is where spans inside begin, and ends with it."""

    traceparent: str | None = None

    def __enter__(self) -> "Span":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def rename(self, name: str) -> None:
        """Call it by what is known now."""

    def note(self, facts: Facts) -> None:
        """Add facts; those that are None are left out."""

    def fail(self, error_type: str) -> None:
        """Mark it as failed."""

    def drop(self) -> None:
        """Forget it: nothing was done that anybody wants to see."""

    def end_after_commit(self) -> None:
        """End it when the transaction commits; one that is rolled back was not."""


NO_SPAN: Final = Span()


def is_on() -> bool:
    """Say whether there are traces."""
    return _live is not None


def begin(
    name: str,
    *,
    parent: str | None = None,
    causes: Iterable[str | None] = (),
    kind: Kind = Kind.INTERNAL,
    facts: Facts = _NOTHING,
) -> Span:
    """Begin a span under ``parent``, or where we are.

    ``causes`` are places that led to it. The first of the parent's trace becomes the
    parent, so does the first of all if there is no other; the rest are linked.
    """
    if _live is None:
        return NO_SPAN
    return _live.begin(name, parent, causes, kind, facts)


def traceparent() -> str | None:
    """Return where we are, to be handed on."""
    return None if _live is None else _live.here()


def within(place: str | None) -> AbstractContextManager[None]:
    """Let what is begun inside belong to a place of another time or process."""
    if _live is None or place is None:
        return _NOWHERE
    return _live.within(place)


def link(place: str | None) -> None:
    """Link the span we are in to another place."""
    if _live is not None and place is not None:
        _live.link(place)


def record(
    name: str,
    *,
    parent: str | None,
    began: datetime,
    ended: datetime,
    key: str = "",
    causes: Iterable[str | None] = (),
    error_type: str = "",
    facts: Facts = _NOTHING,
) -> None:
    """Note a span that is over, once the transaction has committed. Without a parent
    it is of no trace and not noted. With a ``key`` it is the one that ``place_of``
    spoke of before it was over."""
    if _live is not None and parent is not None:
        _live.record(name, parent, began, ended, key, causes, error_type, facts)


def place_of(key: str, parent: str | None) -> str | None:
    """Return the place of a span that has yet to be recorded under ``parent``."""
    if _live is None or parent is None:
        return None
    return f"{parent[:36]}{span_id_of(key)}{parent[52:]}"


def span_id_of(key: str) -> str:
    """Return the id, 16 hexadecimal digits, of the span that is known by a key.
    Statements make the same of a row's id: ``jobs.sql.PLACE``."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def received(header: str | None) -> str | None:
    """Return the place that a caller's header names; None for anything malformed."""
    if _live is None or header is None:
        return None
    return _live.received(header)


def named() -> Mapping[str, str]:
    """Return ``trace_id`` and ``span_id`` of where we are, for a line of the log."""
    return {} if _live is None else _live.named()


def start(provider: "TracerProvider") -> None:
    """Make spans from now on, in this process."""
    from apps.kernel.trace_spans import Tracing

    global _live
    _live = Tracing(provider)


def stop() -> None:
    """Send what is not sent yet, and make no more spans."""
    global _live
    live, _live = _live, None
    if live is not None:
        live.close()
