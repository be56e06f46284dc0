"""How much pruning would delete now: the same conditions, counted instead."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.api.idempotency import LIFETIME
from apps.ops.retention import (
    KEEP_CALLS,
    KEEP_DELIVERIES,
    KEEP_FIRES,
    NEEDED,
    SPEC_GRACE,
    SPENT_FACT,
    SPENT_INTERNAL,
    UNUSED_SPEC,
    Ages,
)

_OLD = f"""
WITH old AS MATERIALIZED (
    SELECT r.id FROM runs_run AS r
    WHERE r.project_id = %(project_id)s AND r.completed_at < %(runs)s AND NOT {NEEDED}
), asked AS MATERIALIZED (
    SELECT q.id FROM interactions_interaction AS q JOIN old ON q.run_id = old.id
), silent AS MATERIALIZED (
    SELECT r.id FROM runs_run AS r
    WHERE r.project_id = %(project_id)s AND NOT r.timeline_pruned
      AND r.completed_at < %(run_events)s AND %(trims)s
      AND NOT EXISTS (SELECT FROM old WHERE old.id = r.id)
)
"""  # noqa: S608 - the condition is a constant

_OF_RUNS: Final = """
SELECT 'runs', count(*) FROM old
UNION ALL SELECT 'jobs', count(*) FROM old JOIN jobs_job AS x ON x.run_id = old.id
UNION ALL SELECT 'waits', count(*) FROM old JOIN runs_wait AS x ON x.run_id = old.id
UNION ALL SELECT 'signals', count(*)
    FROM old JOIN runs_runsignal AS x ON x.run_id = old.id
UNION ALL SELECT 'interactions', count(*) FROM asked
UNION ALL SELECT 'participants', count(*)
    FROM asked JOIN interactions_interactionparticipant AS x
        ON x.interaction_id = asked.id
UNION ALL SELECT 'responses', count(*)
    FROM asked JOIN interactions_interactionresponse AS x ON x.interaction_id = asked.id
UNION ALL SELECT 'deliveries', count(*)
    FROM old JOIN deliveries_delivery AS x ON x.run_id = old.id AND x.run_id <> ''
UNION ALL SELECT 'internal_events', count(*)
    FROM old JOIN source_events_sourceevent AS x
        ON x.run_id = old.id AND x.run_id <> '' AND x.dispatched_at IS NULL
UNION ALL SELECT 'internal_events', count(*)
    FROM asked JOIN source_events_sourceevent AS x
        ON x.source_id = asked.id COLLATE "default" AND x.run_id = '' AND NOT x.public
       AND x.dispatched_at IS NULL
UNION ALL SELECT 'run_events', count(*)
    FROM old JOIN run_events_runevent AS x ON x.run_id = old.id
UNION ALL SELECT 'run_events', count(*)
    FROM silent JOIN run_events_runevent AS x ON x.run_id = silent.id
UNION ALL SELECT 'timelines', count(*) FROM silent
"""

_EVENTS = f"""
SELECT 'source_events', count(*) FROM source_events_sourceevent AS e WHERE {SPENT_FACT}
"""  # noqa: S608 - the condition is a constant

_INTERNAL = f"""
SELECT 'internal_events', count(*)
FROM source_events_sourceevent AS e WHERE {SPENT_INTERNAL}
"""  # noqa: S608 - the condition is a constant

_SESSIONS: Final = """
SELECT 'sessions', count(*) FROM agents_session AS s
    WHERE s.project_id = %(project_id)s AND s.closed_at < %(before)s
UNION ALL SELECT 'messages', count(*)
    FROM agents_session AS s JOIN agents_sessionmessage AS m ON m.session_id = s.id
    WHERE s.project_id = %(project_id)s AND s.closed_at < %(before)s
"""

_OTHERS: Final = f"""
SELECT 'answers', count(*) FROM api_idempotencyrecord WHERE created_at < %(answers)s
UNION ALL SELECT 'deliveries', count(*) FROM deliveries_delivery
    WHERE created_at < %(deliveries)s AND status <> 'pending'
UNION ALL SELECT 'troubles', count(*) FROM deliveries_trouble
    WHERE updated_at < %(deliveries)s
UNION ALL SELECT 'fires', count(*) FROM triggers_triggerfire
    WHERE fired_at < %(fires)s AND status <> 'queued'
UNION ALL SELECT 'calls', count(*) FROM actions_invocation
    WHERE finished_at < %(calls)s
UNION ALL SELECT 'jobs', count(*) FROM jobs_job AS j
    JOIN actions_invocation AS i ON i.id = j.run_id WHERE i.finished_at < %(calls)s
UNION ALL SELECT 'specs', count(*) FROM workflows_spec AS s
    WHERE s.condemned_at < %(specs)s AND {UNUSED_SPEC}
"""  # noqa: S608 - the condition is a constant


def count_of_project(ages: Ages) -> Counter[str]:
    """Return how many rows of which kind of a project are past their time."""
    place = {
        "project_id": ages.project_id,
        "now": ages.now,
        "runs": ages.runs,
        "run_events": ages.run_events,
        "trims": ages.trims_timelines,
    }
    counted = _count(_OLD + _OF_RUNS, place)
    counted += _count(_EVENTS, {**place, "before": ages.source_events})
    counted += _count(_INTERNAL, {**place, "before": ages.internal_events})
    counted += _count(_SESSIONS, {**place, "before": ages.runs})
    return counted


def count_of_server(now: datetime) -> Counter[str]:
    """Return how many rows that have one age for all projects are past it."""
    place = {
        "answers": now - LIFETIME,
        "deliveries": now - KEEP_DELIVERIES,
        "fires": now - KEEP_FIRES,
        "calls": now - KEEP_CALLS,
        "specs": now - SPEC_GRACE,
    }
    return _count(_OTHERS, place)


def _count(statement: str, place: dict[str, Any]) -> Counter[str]:
    counted: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(statement, place)
        for kind, count in cursor.fetchall():
            counted[kind] += count
    return +counted
