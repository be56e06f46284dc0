"""The statements behind ``waiting_events``. Words in capitals that are no SQL stand for
parts that several of them share."""

from typing import Final

_PARTS: Final = {
    "LISTENS": "w.closed_at IS NULL AND w.listens_from IS NOT NULL",
    "WAIT": "w.id, w.run_id, w.project_id, w.task_id, w.subject, w.listens_from,"
    " w.due_at, w.created_at, w.looked_at IS NOT NULL, w.event_filter::text",
    "EVENT": "e.id, e.project_id, e.event_type, e.source_id, e.created_at,"
    " e.event::text, e.meta::text",
}


def _fill(statement: str, **parts: str) -> str:
    """Return a statement with the shared parts in it."""
    for name, part in {**_PARTS, **parts}.items():
        statement = statement.replace(name, part)
    return statement


#: Which paths are used by the waits of a kind: from each the next, so that its cost
#: does not grow with the number of waits.
PATHS: Final = _fill("""
WITH kinds AS (
    SELECT DISTINCT e.project_id, x.pattern
    FROM jsonb_to_recordset(%s::jsonb) AS x(id text, pattern text)
    JOIN source_events_sourceevent e ON e.id = x.id
)
SELECT k.project_id, k.pattern, p.match_path FROM kinds k CROSS JOIN LATERAL (
    WITH RECURSIVE found AS (
        (SELECT w.match_path FROM runs_wait w
         WHERE w.project_id = k.project_id AND w.subject = k.pattern AND LISTENS
         ORDER BY w.match_path LIMIT 1)
        UNION ALL
        SELECT (SELECT w.match_path FROM runs_wait w
                WHERE w.project_id = k.project_id AND w.subject = k.pattern
                  AND LISTENS AND w.match_path > found.match_path
                ORDER BY w.match_path LIMIT 1)
        FROM found WHERE found.match_path IS NOT NULL
    )
    SELECT match_path FROM found WHERE match_path IS NOT NULL
) p
""")

#: ``OFFSET 0`` keeps it a look-up for each event, as long as there are few waits too.
WANTING: Final = _fill("""
SELECT x.event_id, WAIT
FROM jsonb_to_recordset(%s::jsonb) AS x(
    event_id text, project_id text, pattern text, match_path text, match_key text)
CROSS JOIN LATERAL (
    SELECT * FROM runs_wait w
    WHERE w.project_id = x.project_id AND w.subject = x.pattern
      AND w.match_path = x.match_path AND w.match_key = x.match_key AND LISTENS
    OFFSET 0) AS w
""")

OF_TASKS: Final = _fill("""
SELECT WAIT FROM jsonb_to_recordset(%s::jsonb) AS x(run_id text, task_id int)
JOIN runs_wait w ON w.run_id = x.run_id AND w.task_id = x.task_id AND LISTENS
""")

BY_ID: Final = _fill(
    "SELECT EVENT FROM source_events_sourceevent e WHERE e.id = ANY(%s)"
)

UNDISPATCHED: Final = _fill("""
SELECT EVENT FROM source_events_sourceevent e
WHERE e.dispatched_at IS NULL AND e.due_at <= %s AND e.public
  AND e.project_id = ANY(%s) AND NOT e.id = ANY(%s)
ORDER BY e.due_at, e.id LIMIT %s
""")

_SINCE: Final = """
SELECT EVENT FROM source_events_sourceevent e
WHERE e.public AND e.project_id = %(project_id)s AND OF_TYPE
  AND (e.created_at, e.id) > (%(since)s, %(after)s)
  AND (e.created_at, e.id) < (%(until)s, '')
  AND %(source_id)s::text IN ('', e.source_id)
  AND jsonb_build_object('event', e.event, 'meta', e.meta) @> %(within)s::jsonb
  AND NOT EXISTS (
      SELECT 1 FROM runs_wait t WHERE t.run_id = %(run_id)s AND t.event_id = e.id
         AND t.closed_at <= %(opened_at)s)
ORDER BY e.created_at, e.id LIMIT %(limit)s
"""
SINCE_EXACT: Final = _fill(_SINCE, OF_TYPE="e.event_type = %(low)s")
SINCE_BELOW: Final = _fill(
    _SINCE, OF_TYPE="e.event_type > %(low)s AND e.event_type < %(high)s"
)
