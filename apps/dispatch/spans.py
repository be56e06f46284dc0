"""The span of an event in the dispatcher's hands, from taking it to the commit."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from apps.dispatch.router import DueEvent
from apps.kernel import tracing

NAME: Final = "dispatch"


def traced(events: Iterable[DueEvent]) -> list[DueEvent]:
    """Begin a span for each event, under what appended it; it ends with the commit.
    What an event wakes belongs to its span: that is its ``traceparent`` now."""
    if not tracing.is_on():
        return list(events)
    task = tracing.traceparent()
    return [event._replace(traceparent=_begin(event, task)) for event in events]


def _begin(event: DueEvent, task: str | None) -> str | None:
    span = tracing.begin(
        NAME,
        parent=event.traceparent,
        causes=[task],
        kind=tracing.Kind.CONSUMER,
        facts=_facts(event),
    )
    span.end_after_commit()
    return span.traceparent


def note_failures(
    events: Iterable[DueEvent], error: Exception, *, began: datetime, ended: datetime
) -> None:
    """Note that events were not dispatched; they are tried again."""
    for event in events:
        tracing.record(
            NAME,
            parent=event.traceparent,
            began=began,
            ended=ended,
            error_type=type(error).__name__,
            facts=_facts(event),
        )


def _facts(event: DueEvent) -> tracing.Facts:
    return {
        "mobius.event_type": event.event_type,
        "mobius.event_id": event.id,
        "mobius.run_id": event.run_id or None,
        "mobius.failures": event.failures,
    }
