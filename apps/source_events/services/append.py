"""The one way to say that something happened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.api.rendering import to_json
from apps.kernel.ids import IdKind, new_id
from apps.source_events.nudge import nudge_after_commit

_INSERT = """
INSERT INTO source_events_sourceevent
    (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
     created_at, due_at, dispatched_at, failures, last_error)
SELECT x.id, x.project_id, x.event_type, x.source_kind, x.source_id, x.run_id,
       x.event, x.meta, %(now)s, x.due_at, x.dispatched_at, 0, ''
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, project_id text, event_type text, source_kind text, source_id text,
    run_id text, event jsonb, meta jsonb, due_at timestamptz,
    dispatched_at timestamptz)
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event to append.

    ``meta`` gets ``event_type`` by itself. ``due_at`` in the future makes it a
    timer. ``settled`` facts are for readers only: nothing dispatches them.
    """

    project_id: str
    event_type: str
    source_kind: str
    source_id: str = ""
    run_id: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    settled: bool = False


def append_source_events(facts: Iterable[Fact], *, now: datetime) -> list[str]:
    """Append facts to the outbox in the caller's transaction; return their ids.

    What is due now is dispatched soon after the commit.
    """
    rows = [_row(fact, now) for fact in facts]
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"now": now, "rows": to_json(rows).decode()})
    if any(row["dispatched_at"] is None and row["due_at"] <= now for row in rows):
        nudge_after_commit()
    return [row["id"] for row in rows]


def append_source_event(fact: Fact, *, now: datetime) -> str:
    """Append one fact; return its id."""
    return append_source_events([fact], now=now)[0]


def _row(fact: Fact, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(IdKind.SOURCE_EVENT),
        "project_id": fact.project_id,
        "event_type": fact.event_type,
        "source_kind": fact.source_kind,
        "source_id": fact.source_id,
        "run_id": fact.run_id,
        "event": fact.event,
        "meta": {"event_type": fact.event_type, **fact.meta},
        "due_at": fact.due_at or now,
        "dispatched_at": now if fact.settled else None,
    }
