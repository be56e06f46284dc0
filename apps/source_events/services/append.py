"""The one way to say that something happened."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from apps.api.rendering import to_json
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.source_events.catalog import entry_of, patterns_of
from apps.source_events.nudge import nudge_after_commit

#: What is for readers, and for listeners if there are any, asks for them here: one
#: look-up in a narrow index, in the same statement.
_INSERT = """
INSERT INTO source_events_sourceevent
    (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
     created_at, due_at, dispatched_at, failures, last_error, public, dedup_key,
     depth, traceparent)
SELECT x.id, x.project_id, x.event_type, x.source_kind, x.source_id, x.run_id,
       x.event, x.meta, %(now)s, x.due_at,
       CASE WHEN x.settled THEN %(now)s
            WHEN x.patterns IS NULL THEN NULL
            WHEN EXISTS (SELECT 1 FROM source_events_listener AS l
                         WHERE l.project_id = x.project_id
                           AND l.pattern = ANY(x.patterns)
                           AND l.source_id IN ('', x.source_id)) THEN NULL
            ELSE %(now)s END,
       0, '', x.public, x.dedup_key, x.depth, x.traceparent
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, project_id text, event_type text, source_kind text, source_id text,
    run_id text, event jsonb, meta jsonb, due_at timestamptz, settled boolean,
    patterns text[], public boolean, dedup_key text, depth integer,
    traceparent text)
"""

#: A statement of its own: only what may exist already pays for finding out.
_INSERT_ONCE = (
    _INSERT
    + "ON CONFLICT (project_id, dedup_key) WHERE NOT dedup_key = '' DO NOTHING\n"
)

_RETURNING = "RETURNING id, dispatched_at IS NULL AND due_at <= %(now)s"

_FIRST = """
SELECT x.project_id, x.dedup_key, e.id
FROM jsonb_to_recordset(%s::jsonb) AS x(project_id text, dedup_key text)
JOIN source_events_sourceevent AS e
    ON e.project_id = x.project_id AND e.dedup_key = x.dedup_key
   AND NOT e.dedup_key = ''
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event to append.

    ``meta`` gets ``event_type`` by itself. ``due_at`` in the future makes it a
    timer. ``settled`` facts are for readers only: nothing dispatches them. With
    ``None`` they are dispatched if somebody in the project listens for their type.

    Of facts with one ``dedup_key`` in a project the first is kept. Keys share one
    space: begin them with the name of what they count, as ``custom:``. ``depth`` says
    how many runs, each started by an event, led to this one. ``traceparent`` is where
    in a trace it was made.
    """

    project_id: str
    event_type: str
    source_kind: str
    source_id: str = ""
    run_id: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    settled: bool | None = False
    dedup_key: str = ""
    depth: int = 0
    traceparent: str | None = field(default_factory=tracing.traceparent)


class Appended(NamedTuple):
    """Which event stands for a fact: its own, or the first with its key."""

    id: str
    deduped: bool


def append_facts(facts: Iterable[Fact], *, now: datetime) -> list[Appended]:
    """Append facts to the outbox in the caller's transaction, in one insert.

    What is due now is dispatched soon after the commit. A fact whose key is taken
    waits for the transaction that took it, is not appended, and yields the first one.

    A listener counts from its commit: what was appended before, nobody hears. Who must
    not miss that either looks back, as waits do, until all transactions have ended
    whose number is below its own: whoever did not see it has such a number.
    """
    listed = list(facts)
    if not listed:
        return []
    rows = [_row(fact, now) for fact in listed]
    once = any(fact.dedup_key for fact in listed)
    asks = any(fact.settled is None for fact in listed)
    statement = (_INSERT_ONCE if once else _INSERT) + _RETURNING
    # Keys are taken in one order, so that batches that share some never deadlock.
    sent = sorted(rows, key=_place) if once else rows
    with _numbered() if asks else nullcontext(), connection.cursor() as cursor:
        cursor.execute(statement, {"now": now, "rows": to_json(sent).decode()})
        is_due = dict(cursor.fetchall())
    if any(is_due.values()):
        nudge_after_commit()
    known = [row for row in rows if row["id"] not in is_due]
    first = _first_ids(known) if known else {}
    return [
        Appended(row["id"], False)
        if row["id"] in is_due
        else Appended(first[_place(row)], True)
        for row in rows
    ]


def append_source_events(facts: Iterable[Fact], *, now: datetime) -> list[str]:
    """Append facts as ``append_facts`` does; return their ids."""
    return [appended.id for appended in append_facts(facts, now=now)]


def append_source_event(fact: Fact, *, now: datetime) -> str:
    """Append one fact; return its id."""
    return append_source_events([fact], now=now)[0]


@contextmanager
def _numbered() -> Iterator[None]:
    """Give the transaction its number before an insert that asks who listens takes the
    snapshot in which it looks.

    A process that stands still between the two would otherwise not show among the open
    transactions, and a wait that opens meanwhile would not wait for it to commit.
    """
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        yield


def _row(fact: Fact, now: datetime) -> dict[str, Any]:
    entry = entry_of(fact.event_type)
    row = {
        "id": new_id(IdKind.SOURCE_EVENT),
        "project_id": fact.project_id,
        "event_type": fact.event_type,
        "source_kind": fact.source_kind,
        "source_id": fact.source_id,
        "run_id": fact.run_id,
        "event": fact.event,
        "meta": {**fact.meta, "event_type": fact.event_type},
        "due_at": fact.due_at or now,
        "settled": fact.settled,
        "public": entry is not None and entry.public,
        "dedup_key": fact.dedup_key,
        "depth": fact.depth,
        "traceparent": fact.traceparent,
    }
    if fact.settled is None:
        row["patterns"] = patterns_of(fact.event_type)
    return row


def _place(row: dict[str, Any]) -> tuple[str, str]:
    return row["project_id"], row["dedup_key"]


def _first_ids(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Return the events that took the keys, by project and key: they are committed, or
    of this very transaction, since we waited for them."""
    keys = [{name: row[name] for name in ("project_id", "dedup_key")} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [to_json(keys).decode()])
        return {(project, key): id_ for project, key, id_ in cursor.fetchall()}
