"""The events of a batch that somebody of one kind hears, with all they tell."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection

from apps.api.rendering import to_json
from apps.source_events.catalog import patterns_of
from apps.source_events.models import ListenerSource

#: ``OFFSET 0`` keeps it a look-up for each pattern; events that nobody hears are read
#: no further than their project and source.
_FIND: Final = """
WITH heard AS MATERIALIZED (
    SELECT e.id, array_agg(DISTINCT l.ref) AS refs
    FROM jsonb_to_recordset(%s::jsonb) AS x(id text, patterns text[])
    JOIN source_events_sourceevent AS e ON e.id = x.id
    CROSS JOIN unnest(x.patterns) AS p(pattern)
    CROSS JOIN LATERAL (
        SELECT ref FROM source_events_listener
        WHERE project_id = e.project_id AND pattern = p.pattern
          AND source_id IN ('', e.source_id) AND source = %s OFFSET 0) AS l
    GROUP BY e.id
)
SELECT e.id, e.project_id, e.event_type, e.source_id, e.run_id, e.event::text,
       e.meta::text, h.refs
FROM heard AS h JOIN source_events_sourceevent AS e ON e.id = h.id ORDER BY e.id
"""


class HeardEvent(NamedTuple):
    """An event, and those who hear it."""

    id: str
    project_id: str
    event_type: str
    source_id: str
    run_id: str
    event: Mapping[str, Any]
    meta: Mapping[str, Any]
    refs: Sequence[str]


def heard_by(source: ListenerSource, types: Mapping[str, str]) -> list[HeardEvent]:
    """Return those events, given as type by id, that listeners of one kind hear, in one
    query whose cost grows with them and not with those who listen."""
    asked = [
        {"id": id_, "patterns": patterns}
        for id_, event_type in types.items()
        if (patterns := patterns_of(event_type))
    ]
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [to_json(asked).decode(), source.value])
        return [
            HeardEvent(id_, project, type_, of, run, _read(event), _read(meta), refs)
            for id_, project, type_, of, run, event, meta, refs in cursor.fetchall()
        ]


def _read(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = orjson.loads(text)
    return found
