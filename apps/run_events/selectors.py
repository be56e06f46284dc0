"""Reading timelines: of one run by number, of a project by position."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from django.db import connection

from apps.run_events.frames import StoredEvent

PAGE_SIZE = 200
#: A page ends early when its payloads reach this size, so that a reader that is
#: slower than the database holds little; one event is always returned.
PAGE_BYTES = 128 * 1024

#: (writing transaction, row): the order of a project's stream.
Position = tuple[int, int]


class Page(NamedTuple):
    """Events of one run in their order."""

    events: list[StoredEvent]
    has_more: bool


class ProjectPage(NamedTuple):
    """Events of a project in their order, each with its position.

    ``held_back``: there are later events that may not be shown yet, because an
    older transaction is still open and may add some before them.
    """

    events: list[tuple[Position, StoredEvent]]
    has_more: bool
    held_back: bool


_COLUMNS = "run_id, project_id, seq, type, status, from_worker, created_at"

#: Promises: at most limit + 1 rows after the given number, in order, and no more
#: payload than a page may hold; ``found`` tells how many rows there were.
_OF_RUN = f"""
SELECT {_COLUMNS}, body, found FROM (
    SELECT *, count(*) OVER () AS found,
           sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before
    FROM (
        SELECT {_COLUMNS}, payload::text AS body FROM run_events_runevent
        WHERE run_id = %s AND seq > %s ORDER BY seq LIMIT %s
    ) AS line
) AS measured
WHERE before < %s ORDER BY seq
"""  # noqa: S608 - the columns are a constant

#: Promises: rows after a position whose transactions are all older than the oldest
#: one still running. Nothing can appear before them any more, whatever the order
#: of commits, so a position once passed never has to be visited again.
_OF_PROJECT = f"""
SELECT {_COLUMNS}, body, found, xid, id FROM (
    SELECT *, count(*) OVER () AS found,
           sum(octet_length(body)) OVER (ORDER BY xid, id) - octet_length(body)
               AS before
    FROM (
        SELECT {_COLUMNS}, payload::text AS body, xid, id FROM run_events_runevent
        WHERE project_id = %s AND (xid, id) > (%s, %s)
          AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ORDER BY xid, id LIMIT %s
    ) AS line
) AS measured
WHERE before < %s ORDER BY xid, id
"""  # noqa: S608 - the columns are a constant

_ANY_LATER = """
SELECT EXISTS (SELECT FROM run_events_runevent
               WHERE project_id = %s AND (xid, id) > (%s, %s))
"""

#: Two strings instead of two arrays: a tenth of the work for thousands of runs.
_AHEAD = """
SELECT known.run_id, stream.run_id IS NOT NULL AND EXISTS (
    SELECT FROM run_events_runevent AS line
    WHERE line.run_id = known.run_id AND line.seq > known.seq)
FROM unnest(string_to_array(%s, ','), string_to_array(%s, ',')::bigint[])
    AS known(run_id, seq)
LEFT JOIN run_events_runstream AS stream USING (run_id)
WHERE stream.run_id IS NULL OR stream.last_seq > known.seq
"""

_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def events_after(run_id: str, after: int, limit: int = PAGE_SIZE) -> Page:
    """Return the run's events with a number above ``after``, at most a page."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_RUN, [run_id, after, limit + 1, PAGE_BYTES])
        rows = cursor.fetchall()
    found = rows[0][8] if rows else 0
    events = [_stored(row) for row in rows[:limit]]
    return Page(events, has_more=found > len(events))


def project_events_after(
    project_id: str, position: Position, limit: int = PAGE_SIZE
) -> ProjectPage:
    """Return the project's events after ``position`` that are settled in order."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_PROJECT, [project_id, *position, limit + 1, PAGE_BYTES])
        rows = cursor.fetchall()
        events = [((row[9], row[10]), _stored(row)) for row in rows[:limit]]
        has_more = bool(rows) and rows[0][8] > len(events)
        held_back = False
        if not has_more:
            last = events[-1][0] if events else position
            cursor.execute(_ANY_LATER, [project_id, *last])
            held_back = bool(_first(cursor.fetchone()))
    return ProjectPage(events, has_more, held_back)


def project_horizon() -> Position:
    """Return the position of this instant: all settled events are before it."""
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        return int(_first(cursor.fetchone())), 0


def runs_ahead(known: Mapping[str, int]) -> dict[str, bool]:
    """Return those runs whose timeline is above the number known of them, and whether
    the lines are there: those of a run that is old may be gone."""
    numbers = ",".join(map(str, known.values()))
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, [",".join(known), numbers])
        return dict(cursor.fetchall())


def _first(row: tuple[Any, ...] | None) -> Any:
    assert row is not None, "the statement always returns a row"
    return row[0]


def _stored(row: tuple[Any, ...]) -> StoredEvent:
    run_id, project_id, seq, type_, status, from_worker, created_at, body = row[:8]
    return StoredEvent(
        run_id=run_id,
        project_id=project_id,
        seq=seq,
        type=type_,
        payload=orjson.loads(body),
        status=status,
        created_at=created_at,
        from_worker=from_worker,
    )
