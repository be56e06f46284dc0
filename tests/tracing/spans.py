"""Spans that ended in this process, and how they hang together."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id

from apps.kernel import tracing
from apps.kernel.trace_export import make_provider


class Spans:
    """What was made since ``start``."""

    def __init__(self) -> None:
        self._ended: list[ReadableSpan] = []
        self._exporter = InMemorySpanExporter()

    def start(self) -> None:
        """Make spans, as a process that begins does: it knows of nothing before."""
        tracing.stop()
        self._ended = self.all()
        self._exporter = InMemorySpanExporter()
        provider = make_provider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        tracing.start(provider)

    def all(self) -> list[ReadableSpan]:
        """Every span, in the order of their ends."""
        return [*self._ended, *self._exporter.get_finished_spans()]

    def named(self, name: str, **facts: object) -> list[ReadableSpan]:
        """Spans of one name whose ``mobius.`` facts are these."""
        wanted = {f"mobius.{key}": value for key, value in facts.items()}
        return [
            span
            for span in self.all()
            if span.name == name and wanted.items() <= facts_of(span).items()
        ]

    def one(self, name: str, **facts: object) -> ReadableSpan:
        """The only span of its kind."""
        [span] = self.named(name, **facts)
        return span

    def path(self, span: ReadableSpan) -> list[str]:
        """Names from a span up to what nobody here has made, which is its id."""
        known = {place_of(one): one for one in self.all()}
        names = [span.name]
        while (above := span.parent) is not None:
            place = (above.trace_id, above.span_id)
            if place not in known:
                return [*names, format_span_id(above.span_id)]
            span = known[place]
            names.append(span.name)
        return names


def context_of(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None
    return found


def place_of(span: ReadableSpan) -> tuple[int, int]:
    """Trace and span."""
    context = context_of(span)
    return context.trace_id, context.span_id


def trace_of(span: ReadableSpan) -> str:
    return format_trace_id(context_of(span).trace_id)


def facts_of(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def links_of(span: ReadableSpan) -> set[tuple[int, int]]:
    """Where a span is linked to."""
    return {(link.context.trace_id, link.context.span_id) for link in span.links}


def written(span: ReadableSpan) -> str:
    """Its place as rows and headers hold it."""
    context = context_of(span)
    return f"00-{trace_of(span)}-{format_span_id(context.span_id)}-01"
