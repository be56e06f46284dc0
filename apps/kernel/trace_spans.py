"""Spans over OpenTelemetry. Imported by ``tracing`` once traces are on."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from threading import Thread
from types import TracebackType
from typing import Final

from django.db import transaction
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from apps.kernel.tracing import Facts, Kind, Span, span_id_of

#: A process that stops has little time.
CLOSE_SECONDS: Final = 3.0
_WRITTEN: Final = re.compile(
    r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: Final = {kind: SpanKind[kind.name] for kind in Kind}
_wanted_id: ContextVar[int | None] = ContextVar("wanted_id", default=None)


class Ids(RandomIdGenerator):
    """Random ids, but for spans whose id was told to somebody before they were over."""

    def generate_span_id(self) -> int:
        """Return the id of the next span."""
        return _wanted_id.get() or super().generate_span_id()


class LiveSpan(Span):
    """A span in a trace."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._ends_here = True
        self.traceparent = _write(span.get_span_context())

    def __enter__(self) -> "LiveSpan":
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        context.detach(self._token)
        if self._ends_here:
            if kind is not None:
                self.fail(kind.__name__)
            self._span.end()

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, facts: Facts) -> None:
        self._span.set_attributes(_known(facts))

    def fail(self, error_type: str) -> None:
        self._span.set_attribute("error.type", error_type)
        self._span.set_status(Status(StatusCode.ERROR))

    def drop(self) -> None:
        self._ends_here = False  # what never ends is never sent

    def end_after_commit(self) -> None:
        self._ends_here = False
        transaction.on_commit(self._span.end)


class Tracing:
    """What ``tracing`` does while it is on."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("mobius")

    def begin(
        self,
        name: str,
        parent: str | None,
        causes: Iterable[str | None],
        kind: Kind,
        facts: Facts,
    ) -> LiveSpan:
        """Begin a span; see ``tracing.begin``."""
        known = [cause for cause in causes if cause is not None]
        readable = parent is not None and _read(parent) is not None
        under, linked = _parent_of(parent if readable else None, known)
        span = self._tracer.start_span(
            name,
            _context(under),
            _KINDS[kind],
            _known(facts),
            _links(linked),
        )
        return LiveSpan(span)

    def here(self) -> str | None:
        """Return where we are."""
        return _write(trace.get_current_span().get_span_context())

    @contextmanager
    def within(self, place: str) -> Iterator[None]:
        """Be elsewhere for a while."""
        token = context.attach(_context(place) or context.get_current())
        try:
            yield
        finally:
            context.detach(token)

    def link(self, place: str) -> None:
        """Link the current span to a place."""
        found = _read(place)
        if found is not None:
            trace.get_current_span().add_link(found)

    def record(
        self,
        name: str,
        parent: str,
        began: datetime,
        ended: datetime,
        key: str,
        causes: Iterable[str | None],
        error_type: str,
        facts: Facts,
    ) -> None:
        """Note a span that is over; see ``tracing.record``."""
        linked = [cause for cause in causes if cause is not None and cause != parent]

        def note() -> None:
            token = _wanted_id.set(int(span_id_of(key), 16) if key else None)
            try:
                span = self._tracer.start_span(
                    name,
                    _context(parent),
                    attributes=_known(facts),
                    links=_links(linked),
                    start_time=_nanoseconds(began),
                )
            finally:
                _wanted_id.reset(token)
            if error_type:
                LiveSpan(span).fail(error_type)
            span.end(_nanoseconds(max(began, ended)))

        transaction.on_commit(note)

    def received(self, header: str) -> str | None:
        """Return a caller's place as we write it."""
        found = _read(header)
        return None if found is None else _write(found)

    def named(self) -> Mapping[str, str]:
        """Return the ids of where we are."""
        found = trace.get_current_span().get_span_context()
        if not found.is_valid:
            return {}
        trace_id = trace.format_trace_id(found.trace_id)
        return {"trace_id": trace_id, "span_id": trace.format_span_id(found.span_id)}

    def close(self) -> None:
        """Send what is left; a collector that is away is not waited for any longer."""
        closing = Thread(
            target=self._provider.shutdown, name="mobius-traces", daemon=True
        )
        closing.start()
        closing.join(CLOSE_SECONDS)


def _parent_of(parent: str | None, causes: list[str]) -> tuple[str | None, list[str]]:
    """Return under which place a span begins, and to which it is linked."""
    of_trace = [one for one in causes if parent is None or one[:36] == parent[:36]]
    under = of_trace[0] if of_trace else parent
    return under, [one for one in dict.fromkeys(causes) if one != under]


def _read(written: str) -> SpanContext | None:
    found = _WRITTEN.fullmatch(written)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return None
    place = SpanContext(
        int(found[2], 16), int(found[3], 16), True, TraceFlags(int(found[4], 16) & 1)
    )
    return place if place.is_valid else None


def _write(place: SpanContext) -> str | None:
    if not place.is_valid:
        return None
    ids = (trace.format_trace_id(place.trace_id), trace.format_span_id(place.span_id))
    return f"00-{ids[0]}-{ids[1]}-{place.trace_flags & 1:02x}"


def _context(place: str | None) -> Context | None:
    """Return a context for a place; None, where we are, for none that can be read."""
    found = None if place is None else _read(place)
    return found and trace.set_span_in_context(NonRecordingSpan(found), Context())


def _links(places: Iterable[str]) -> list[Link]:
    return [Link(found) for place in places if (found := _read(place)) is not None]


def _known(facts: Facts) -> dict[str, str | int]:
    return {name: fact for name, fact in facts.items() if fact is not None}


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
