"""Writing fires. A fire that exists already is left as it is."""

from collections.abc import Sequence

from django.db import connection

from apps.api.rendering import to_json
from apps.triggers.models import TriggerFire

_COLUMNS = (
    *("id", "trigger_id", "project_id", "dedup_key", "status", "error", "run_ids"),
    *("source_event_id", "context", "scheduled_at", "fired_at", "settled_at"),
)

_INSERT = """
INSERT INTO triggers_triggerfire
    (id, trigger_id, project_id, dedup_key, status, error, run_ids, source_event_id,
     context, scheduled_at, fired_at, settled_at)
SELECT x.id, x.trigger_id, x.project_id, x.dedup_key, x.status, x.error, x.run_ids,
       x.source_event_id, x.context, x.scheduled_at, x.fired_at, x.settled_at
FROM jsonb_to_recordset(%s::jsonb) AS x(
    id text, trigger_id text, project_id text, dedup_key text, status text,
    error text, run_ids text[], source_event_id text, context jsonb,
    scheduled_at timestamptz, fired_at timestamptz, settled_at timestamptz)
ON CONFLICT (trigger_id, dedup_key) DO NOTHING
RETURNING id
"""


def insert_fires(fires: Sequence[TriggerFire]) -> set[str]:
    """Insert fires in the caller's transaction; return the ids of those that are new.

    A fire that somebody else inserts at the moment is waited for.
    """
    rows = [{name: getattr(fire, name) for name in _COLUMNS} for fire in fires]
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [to_json(rows).decode()])
        return {row[0] for row in cursor.fetchall()}


def save_fire(fire: TriggerFire) -> None:
    """Write what became of a fire that was queued."""
    fire.save(update_fields=["status", "error", "run_ids", "context", "settled_at"])
