"""Which webhooks the events of a batch are told to."""

from collections.abc import Sequence
from datetime import datetime

from apps.dispatch.router import DueEvent
from apps.source_events.catalog import entry_of
from apps.source_events.heard import heard_by
from apps.source_events.models import ListenerSource
from apps.webhooks.services.hear import tell_webhooks


def tell_of_batch(batch: Sequence[DueEvent], *, now: datetime) -> None:
    """Write down what webhooks are told of a batch, in its transaction. A batch without
    a public event costs nothing, one that no webhook hears a look-up."""
    told = {
        event.id: event
        for event in batch
        if (entry := entry_of(event.event_type)) is not None and entry.public
    }
    if told:
        types = {id_: event.event_type for id_, event in told.items()}
        places = {id_: event.traceparent for id_, event in told.items()}
        tell_webhooks(heard_by(ListenerSource.WEBHOOK, types), places, now=now)
