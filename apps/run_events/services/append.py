"""The one way to put lines on timelines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.api.rendering import to_json
from apps.realtime.outbound import say
from apps.run_events.frames import StoredEvent
from apps.run_events.wire import KIND, pack

#: Promises: the numbers of each run go on from its last one without a gap, in the
#: order of the entries. The stream's row is locked until the transaction ends, so
#: whoever sees number n sees every number before it. Streams are locked in the
#: order of their ids: two batches over the same runs cannot deadlock here. A line's
#: xid is never below that of the line before, because a transaction may have its
#: number long before it gets the lock; those in between have ended by then, so the
#: horizon that hides this transaction's lines hides the higher number as well.
_APPEND = """
WITH entry AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(entries)s::jsonb) AS x(
        run_id text, project_id text, place int, total int, type text,
        payload jsonb, status text, from_worker boolean)
), head AS (
    INSERT INTO run_events_runstream AS stream
        (run_id, project_id, last_seq, last_xid)
    SELECT run_id, project_id, total, pg_current_xact_id()::text::bigint
    FROM entry WHERE place = 1 ORDER BY run_id
    ON CONFLICT (run_id) DO UPDATE
    SET last_seq = stream.last_seq + excluded.last_seq,
        last_xid = greatest(stream.last_xid, excluded.last_xid)
    RETURNING run_id, last_seq, last_xid
), line AS (
    INSERT INTO run_events_runevent
        (run_id, seq, project_id, type, payload, status, from_worker, created_at, xid)
    SELECT entry.run_id, head.last_seq - entry.total + entry.place, entry.project_id,
           entry.type, entry.payload, entry.status, entry.from_worker, %(now)s,
           head.last_xid
    FROM entry JOIN head USING (run_id)
    ORDER BY 1, 2
)
SELECT run_id, last_seq FROM head
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line to append; ``status`` is the run's status after it.

    ``from_worker`` marks an event of a worker's own: readers get its type and
    payload as they are, and take nothing about the run's status from it.
    """

    run_id: str
    project_id: str
    type: str
    payload: Mapping[str, Any]
    status: str
    from_worker: bool = False


def append_run_events(entries: Sequence[Entry], *, now: datetime) -> None:
    """Append entries, of one run or of several, in the caller's transaction.

    Locks the streams of these runs (the last locks in the lock order). Open streams
    hear of the lines after the commit; a rollback takes lines and news away.
    """
    if not entries:
        return
    totals = Counter(entry.run_id for entry in entries)
    places: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for entry in entries:
        places[entry.run_id] += 1
        rows.append(
            {
                "run_id": entry.run_id,
                "project_id": entry.project_id,
                "place": places[entry.run_id],
                "total": totals[entry.run_id],
                "type": entry.type,
                "payload": entry.payload,
                "status": entry.status,
                "from_worker": entry.from_worker,
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, {"entries": to_json(rows).decode(), "now": now})
        heads: dict[str, int] = dict(cursor.fetchall())
    stored = [
        StoredEvent(
            run_id=entry.run_id,
            project_id=entry.project_id,
            seq=heads[entry.run_id] - row["total"] + row["place"],
            type=entry.type,
            payload=entry.payload,
            status=entry.status,
            created_at=now,
            from_worker=entry.from_worker,
        )
        for entry, row in zip(entries, rows, strict=True)
    ]
    say(KIND, events=pack(stored))
