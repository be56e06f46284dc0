"""Let an event that was put off go at once."""

from datetime import datetime

from django.db import transaction

from apps.kernel.errors import Conflict
from apps.source_events.models import SourceEvent
from apps.source_events.nudge import nudge_after_commit


@transaction.atomic
def requeue_event(event_id: str, *, now: datetime) -> None:
    """Make an undispatched event due now, with its failures forgotten.

    Raises:
        Conflict: it was dispatched already; its effects stand.
    """
    waiting = SourceEvent.objects.filter(id=event_id, dispatched_at=None)
    if not waiting.update(due_at=now, failures=0, last_error=""):
        raise Conflict(f"source event {event_id} was dispatched already")
    nudge_after_commit()
