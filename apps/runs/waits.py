"""Rows that show what runs wait for. The engine's state decides; these are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.api.rendering import to_json
from apps.engine.decisions import OpenWait
from apps.kernel.ids import IdKind, new_id

_OPEN = """
INSERT INTO runs_wait (id, run_id, project_id, task_id, step_name, path, kind, subject,
                       due_at, outcome, created_at)
SELECT x.id, x.run_id, x.project_id, x.task_id, x.step_name, x.path, x.kind, x.subject,
       x.due_at, '', %(now)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, run_id text, project_id text, task_id int, step_name text, path text,
    kind text, subject text, due_at timestamptz)
ON CONFLICT (run_id, task_id) DO NOTHING
"""

_CLOSE = """
UPDATE runs_wait w SET outcome = x.outcome, closed_at = %(now)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(run_id text, task_id int, outcome text)
WHERE w.run_id = x.run_id AND w.task_id = x.task_id AND w.closed_at IS NULL
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


def open_waits(waits: Sequence[NewWait], *, now: datetime) -> None:
    """Insert waits in the caller's transaction."""
    if not waits:
        return
    rows = [{n: getattr(w, n) for n in NewWait.__dataclass_fields__} for w in waits]
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"now": now, "rows": to_json(rows).decode()})


def close_waits(
    closed: Sequence[tuple[str, int, str]],
    ended_runs: Sequence[str],
    *,
    now: datetime,
) -> None:
    """Close single waits by (run, task, outcome), and all waits of ended runs."""
    with connection.cursor() as cursor:
        if closed:
            rows = [{"run_id": r, "task_id": t, "outcome": o} for r, t, o in closed]
            cursor.execute(_CLOSE, {"now": now, "rows": to_json(rows).decode()})
        if ended_runs:
            cursor.execute(
                "UPDATE runs_wait SET outcome = 'cancelled', closed_at = %s"
                " WHERE run_id = ANY(%s) AND closed_at IS NULL",
                [now, list(ended_runs)],
            )
