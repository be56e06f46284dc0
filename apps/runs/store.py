"""Run rows under lock: the only code that reads them for change and writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from apps.api.rendering import to_json
from apps.engine import RunState, decode_state, encode_state
from apps.engine.spec import Spec
from apps.engine.state import FINISHED, RunStatus
from apps.workflows.specs import parsed_spec

_LOCK = """
SELECT id, project_id, workflow_id, workflow_name, spec_digest, queue, status, attempt,
       started_at, actor_id, trigger_id, trigger_queues, depth, workflow_version,
       version_id, dialect, source::text, source_event_id, parent_run_id, traceparent,
       created_at, inputs::text, state::text
FROM runs_run WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""

_COLUMNS = (
    *("id", "project_id", "workflow_id", "workflow_name", "spec_digest", "queue"),
    *("status", "attempt", "started_at", "actor_id", "trigger_id", "trigger_queues"),
    *("depth", "workflow_version", "version_id", "dialect", "source"),
    *("source_event_id", "parent_run_id", "traceparent", "created_at"),
    *("inputs", "state"),
)

_HOLD = "SELECT id FROM runs_run WHERE id = ANY(%s) ORDER BY id FOR UPDATE"

_SAVE = """
UPDATE runs_run r
SET status = x.status, attempt = x.attempt, state = x.state,
    result = CASE WHEN x.has_result THEN x.result END, has_result = x.has_result,
    error_type = x.error_type, error_message = x.error_message,
    cancel_requested = r.cancel_requested OR x.cancelled,
    started_at = x.started_at, completed_at = x.completed_at,
    stop_reason = x.stop_reason, deadline_at = x.deadline_at,
    credit_budget = x.credit_budget, credit_spent = x.credit_spent,
    updated_at = %(now)s, timeline_pruned = false
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, status text, attempt int, state jsonb, result jsonb, has_result boolean,
    error_type text, error_message text, cancelled boolean, started_at timestamptz,
    completed_at timestamptz, stop_reason text, deadline_at timestamptz,
    credit_budget float8, credit_spent float8)
WHERE r.id = x.id AND r.id = ANY(%(ids)s)
"""


@dataclass(slots=True)
class LockedRun:
    """A run in hand: its row's facts, the engine's state, and how it ended."""

    id: str
    project_id: str
    workflow_id: str
    workflow_name: str
    spec_digest: str
    queue: str
    status: RunStatus
    started_at: datetime | None
    actor_id: str
    trigger_id: str
    trigger_queues: bool
    depth: int
    workflow_version: int
    version_id: str
    dialect: str
    source: dict[str, Any]
    source_event_id: str
    parent_run_id: str
    traceparent: str | None
    created_at: datetime
    state: RunState
    result: Any = None
    error_type: str = ""
    error_message: str = ""
    stop_reason: str = ""
    changed: bool = False
    kept: tuple[RunState, bytes] | None = None

    def written(self, state: RunState) -> bytes:
        """Return a state of this run as it is stored; the last one is remembered."""
        if self.kept is None or self.kept[0] is not state:
            self.kept = state, to_json(encode_state(state))
        return self.kept[1]

    @property
    def spec(self) -> Spec:
        """What the run executes."""
        return parsed_spec(self.spec_digest)


def lock_runs(run_ids: Iterable[str]) -> list[LockedRun]:
    """Lock runs in the order of their ids and load them; unknown ids are left out.

    The first locks a transaction takes (order: run, job, interaction, stream).
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted(set(run_ids))])
        return [_load(row) for row in cursor.fetchall()]


def hold_runs(run_ids: Iterable[str]) -> None:
    """Lock runs as ``lock_runs`` does, without loading them."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [sorted(set(run_ids))])


def _load(row: tuple[Any, ...]) -> LockedRun:
    facts = dict(zip(_COLUMNS, row, strict=True))
    del facts["attempt"]  # the state has it
    facts["status"] = RunStatus(facts["status"])
    facts["source"] = orjson.loads(facts["source"])
    decoded, state = orjson.loads(facts.pop("inputs")), facts.pop("state")
    return LockedRun(
        **facts,
        state=(
            RunState.begin(decoded)
            if state is None
            else decode_state(orjson.loads(state), decoded)
        ),
    )


def save_runs(runs: Sequence[LockedRun], *, now: datetime) -> None:
    """Write runs that were locked in this transaction."""
    rows = [_row(run, now) for run in runs]
    if rows:
        with connection.cursor() as cursor:
            # The ids are said twice: by the rows alone the planner reads all runs.
            ids = [run.id for run in runs]
            entries = to_json(rows).decode()
            cursor.execute(_SAVE, {"now": now, "ids": ids, "rows": entries})


def _row(run: LockedRun, now: datetime) -> dict[str, Any]:
    status = run.state.status
    return {
        "id": run.id,
        "status": status,
        "attempt": run.state.attempt,
        "state": orjson.Fragment(run.written(run.state)),
        "result": run.result,
        "has_result": run.result is not None,
        "error_type": run.error_type[:255],
        "error_message": run.error_message,
        "cancelled": status is RunStatus.CANCELLED,
        "started_at": run.started_at or (now if status is RunStatus.RUNNING else None),
        "completed_at": now if status in FINISHED else None,
        "stop_reason": run.stop_reason,
        "deadline_at": run.state.deadline,
        "credit_budget": run.state.budget,
        "credit_spent": run.state.spent,
    }
