"""Reading the outbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q, QuerySet

from apps.kernel.errors import NotFound
from apps.source_events.models import SourceEvent


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events to list; empty means any. ``event_type`` may be a pattern."""

    event_type: str = ""
    source_kind: str = ""
    source_id: str = ""
    run_id: str = ""
    created_after: datetime | None = None


def public_events(project_id: str, filters: Filters) -> QuerySet[SourceEvent]:
    """Return the public events of a project that match.

    Those of a run are the ones that moved it and the ones that tell of it.
    """
    rows = SourceEvent.objects.filter(project_id=project_id, public=True)
    if filters.event_type:
        rows = rows.filter(_of_pattern(filters.event_type))
    if filters.source_kind:
        rows = rows.filter(source_kind=filters.source_kind)
    if filters.source_id:
        rows = rows.filter(source_id=filters.source_id)
    if filters.run_id:
        rows = rows.filter(Q(run_id=filters.run_id) | Q(source_id=filters.run_id))
    if filters.created_after is not None:
        rows = rows.filter(created_at__gt=filters.created_after)
    return rows


def find_public_event(project_id: str, event_id: str) -> SourceEvent:
    """Return one public event.

    Raises:
        NotFound: the project has none with this id; internal ones are nobody's.
    """
    rows = SourceEvent.objects.filter(project_id=project_id, public=True)
    event = rows.filter(id=event_id).first()
    if event is None:
        raise NotFound(f"source event {event_id} not found")
    return event


def public_events_since(
    project_id: str, pattern: str, since: datetime, *, source_id: str = "", limit: int
) -> list[SourceEvent]:
    """Return the public events at or after an instant that match a pattern, oldest
    first: for those who begin to listen and look back."""
    rows = public_events(project_id, Filters(pattern, source_id=source_id))
    rows = rows.filter(created_at__gte=since)
    return list(rows.order_by("created_at", "id")[:limit])


def _of_pattern(pattern: str) -> Q:
    """Return the condition that the type matches; a range, for the index."""
    if not pattern.endswith(".*"):
        return Q(event_type=pattern)
    prefix = pattern[:-1]
    after = prefix[:-1] + chr(ord(".") + 1)
    return Q(event_type__gt=prefix, event_type__lt=after)


def oldest_due_age(now: datetime) -> timedelta:
    """Return how long the oldest due event has waited; zero when none waits."""
    oldest = SourceEvent.objects.filter(dispatched_at=None, due_at__lte=now).aggregate(
        at=Min("due_at")
    )["at"]
    return now - oldest if oldest else timedelta(0)


def waiting_count(now: datetime) -> int:
    """Return how many events are due and not dispatched."""
    return SourceEvent.objects.filter(dispatched_at=None, due_at__lte=now).count()
