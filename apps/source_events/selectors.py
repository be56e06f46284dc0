"""Reading the outbox."""

from datetime import datetime, timedelta

from django.db.models import Min

from apps.source_events.models import SourceEvent


def oldest_due_age(now: datetime) -> timedelta:
    """Return how long the oldest due event has waited; zero when none waits."""
    oldest = SourceEvent.objects.filter(dispatched_at=None, due_at__lte=now).aggregate(
        at=Min("due_at")
    )["at"]
    return now - oldest if oldest else timedelta(0)


def waiting_count(now: datetime) -> int:
    """Return how many events are due and not dispatched."""
    return SourceEvent.objects.filter(dispatched_at=None, due_at__lte=now).count()
