"""Rows that show what runs wait for. The engine's state decides; these are read.

Those of waits for events are more: the dispatcher finds by them whom an event may
resume. They and who listens are written in the transaction that opens or ends a wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.api.rendering import to_json
from apps.engine.decisions import OpenWait, SubscribeEvent
from apps.engine.events import containment, lookup_of
from apps.kernel.ids import IdKind, new_id
from apps.source_events.models import ListenerSource
from apps.source_events.services.listeners import (
    NewListener,
    add_listeners,
    remove_listeners,
)

_OPEN = """
INSERT INTO runs_wait (id, run_id, project_id, task_id, step_name, path, kind, subject,
                       due_at, outcome, created_at, listens_from, event_filter,
                       match_path, match_key, event_id)
SELECT x.id, x.run_id, x.project_id, x.task_id, x.step_name, x.path, x.kind, x.subject,
       x.due_at, '', %(now)s, x.listens_from, x.event_filter, x.match_path,
       x.match_key, ''
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, run_id text, project_id text, task_id int, step_name text, path text,
    kind text, subject text, due_at timestamptz, listens_from timestamptz,
    event_filter jsonb, match_path text, match_key text)
ON CONFLICT (run_id, task_id) DO NOTHING
"""

_CLOSE = """
UPDATE runs_wait w SET outcome = x.outcome, event_id = x.event_id, closed_at = %(now)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    run_id text, task_id int, outcome text, event_id text)
WHERE w.run_id = x.run_id AND w.task_id = x.task_id AND w.closed_at IS NULL
RETURNING w.run_id, w.task_id, w.id, w.listens_from IS NOT NULL
"""

_CLOSE_ALL = """
UPDATE runs_wait SET outcome = 'cancelled', closed_at = %s
WHERE run_id = ANY(%s) AND closed_at IS NULL
RETURNING run_id, task_id, id, listens_from IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class NewWait:
    """A path of a run begins to wait."""

    id: str
    run_id: str
    project_id: str
    task_id: int
    step_name: str
    path: str
    kind: str
    subject: str
    due_at: datetime | None
    listens_from: datetime | None = None
    event_filter: Mapping[str, Any] | None = None
    match_path: str = ""
    match_key: str = ""

    @classmethod
    def of(cls, run_id: str, project_id: str, wait: OpenWait) -> "NewWait":
        """Return the row for a decision."""
        return cls(
            new_id(IdKind.WAIT),
            run_id,
            project_id,
            wait.task_id,
            wait.step,
            wait.path,
            wait.kind.value,
            wait.subject[:255],
            wait.due_at,
        )

    def listening(self, wanted: SubscribeEvent) -> "NewWait":
        """Return the row of a wait that listens for events."""
        match_path, match_key = lookup_of(wanted.match)
        return replace(
            self,
            listens_from=wanted.since,
            event_filter={
                "source_id": wanted.source_id,
                "match": wanted.match,
                "condition": wanted.condition,
                "reads_run": wanted.reads_run,
                "within": containment(wanted.match),
            },
            match_path=match_path,
            match_key=match_key,
        )


class Closed(NamedTuple):
    """The wait of a task is over: how, and by which event if by one."""

    run_id: str
    task_id: int
    outcome: str
    event_id: str = ""


def open_waits(waits: Sequence[NewWait], *, now: datetime) -> None:
    """Insert waits in the caller's transaction."""
    if not waits:
        return
    rows = [{n: getattr(w, n) for n in NewWait.__dataclass_fields__} for w in waits]
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"now": now, "rows": to_json(rows).decode()})
    add_listeners(
        NewListener(
            wait.project_id,
            wait.subject,
            ListenerSource.WAIT,
            wait.id,
            wait.event_filter["source_id"],
        )
        for wait in waits
        if wait.event_filter is not None
    )


def close_waits(
    closed: Sequence[Closed], ended_runs: Sequence[str], *, now: datetime
) -> dict[tuple[str, int], str]:
    """Close single waits, and all waits of ended runs; nobody listens there then.

    Returns the ids of what was closed, by run and task.
    """
    ended: list[tuple[str, int, str, bool]] = []
    with connection.cursor() as cursor:
        if closed:
            rows = [one._asdict() for one in closed]
            cursor.execute(_CLOSE, {"now": now, "rows": to_json(rows).decode()})
            ended += cursor.fetchall()
        if ended_runs:
            cursor.execute(_CLOSE_ALL, [now, list(ended_runs)])
            ended += cursor.fetchall()
    remove_listeners(id_ for _, _, id_, has_listened in ended if has_listened)
    return {(run_id, task_id): id_ for run_id, task_id, id_, _ in ended}
