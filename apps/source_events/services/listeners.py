"""Who listens for which events: kept by triggers and waits, asked by the dispatcher."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.db import connection

from apps.api.rendering import to_json
from apps.source_events.catalog import patterns_of
from apps.source_events.models import Listener, ListenerSource

#: ``OFFSET 0`` keeps it a look-up for each pattern: a join could read every listener.
_FIND: Final = """
SELECT DISTINCT x.id, l.ref
FROM jsonb_to_recordset(%s::jsonb) AS x(
    id text, project_id text, patterns text[], source_id text)
CROSS JOIN unnest(x.patterns) AS p(pattern)
CROSS JOIN LATERAL (
    SELECT ref FROM source_events_listener
    WHERE project_id = x.project_id AND pattern = p.pattern
      AND source_id IN ('', x.source_id) AND source = 'trigger' OFFSET 0) AS l
ORDER BY x.id, l.ref
"""


@dataclass(frozen=True, slots=True)
class NewListener:
    """A trigger or a wait, ``ref``, wants events that match ``pattern``.

    With ``source_id`` only those of one source: others cost it nothing.
    """

    project_id: str
    pattern: str
    source: ListenerSource
    ref: str
    source_id: str = ""


class Heardable(Protocol):
    """What ``triggers_for`` needs of an event."""

    @property
    def id(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def event_type(self) -> str: ...
    @property
    def source_id(self) -> str: ...


def add_listeners(listeners: Iterable[NewListener]) -> None:
    """Listen, from the commit of the caller's transaction on. Twice is once."""
    rows = [
        Listener(
            project_id=new.project_id,
            pattern=new.pattern,
            source_id=new.source_id,
            source=new.source,
            ref=new.ref,
        )
        for new in listeners
    ]
    if rows:
        Listener.objects.bulk_create(rows, ignore_conflicts=True)


def remove_listeners(refs: Iterable[str]) -> None:
    """Stop listening, in the caller's transaction. Unknown refs do not matter."""
    gone = list(refs)
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM source_events_listener WHERE ref = ANY(%s)", [gone]
            )


def triggers_for(events: Sequence[Heardable]) -> dict[str, list[str]]:
    """Return the triggers that listen for each event, by the event's id, in one query.

    Events that none hears are not in the answer. Its cost grows with those that hear,
    not with those that listen, nor with the waits for the same type: who waits is
    found by what an event says. Whether a condition holds is theirs to see.
    """
    rows: list[dict[str, Any]] = [
        {
            "id": event.id,
            "project_id": event.project_id,
            "patterns": patterns,
            "source_id": event.source_id,
        }
        for event in events
        if (patterns := patterns_of(event.event_type))
    ]
    heard: dict[str, list[str]] = defaultdict(list)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [to_json(rows).decode()])
            for id_, ref in cursor.fetchall():
                heard[id_].append(ref)
    return dict(heard)
