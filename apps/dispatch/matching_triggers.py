"""Which triggers the events of a batch set off, found by who listens.

One look-up in the narrow index of listeners brings the events that triggers may want,
with what a match needs to know; nothing else of the batch is read. Its cost grows
with the triggers that listen for these types, not with those that there are.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection

from apps.dispatch.router import DueEvent
from apps.source_events.catalog import entry_of
from apps.source_events.services.listeners import triggers_for
from apps.triggers.services.hear import fire_for_events

_READ: Final = """
SELECT id, project_id, event_type, source_id, event::text, meta::text, depth
FROM source_events_sourceevent WHERE id = ANY(%s) ORDER BY id
"""


class HeardEvent(NamedTuple):
    """An event that triggers listen for."""

    id: str
    project_id: str
    event_type: str
    source_id: str
    event: Mapping[str, Any]
    meta: Mapping[str, Any]
    depth: int
    traceparent: str | None


def fire_triggers(batch: Sequence[DueEvent], *, now: datetime) -> None:
    """Fire the triggers that want events of the batch, in its transaction."""
    places = {
        event.id: event.traceparent
        for event in batch
        if (entry := entry_of(event.event_type)) is not None and entry.triggerable
    }
    if not places:
        return
    events = _read(places)
    heard = triggers_for(events)
    told = [(event, heard[event.id]) for event in events if event.id in heard]
    fire_for_events(told, now=now)


def _read(places: Mapping[str, str | None]) -> list[HeardEvent]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(places)])
        return [
            HeardEvent(
                id_,
                project,
                type_,
                source,
                orjson.loads(event),
                orjson.loads(meta),
                n,
                places[id_],
            )
            for id_, project, type_, source, event, meta, n in cursor.fetchall()
        ]
