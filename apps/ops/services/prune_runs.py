"""Delete finished runs that are old, each with everything that belongs to it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.ops.retention import NEEDED, Ages

#: Runs, and lines of their timelines, that one transaction deletes at most.
RUNS_MAX: Final = 200
LINES_MAX: Final = 5000

#: Promises: runs that ended first come first, found through the index of finished
#: ones; those in other hands, of another pruner or of somebody who retries, are left.
_TAKE = """
SELECT r.id FROM runs_run AS r
WHERE r.project_id = %(project_id)s AND r.timeline_pruned = %(pruned)s
  AND r.completed_at < %(before)s AND NOT {needed}
ORDER BY r.completed_at, r.id LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
"""

#: The runs are locked by now: who wanted to retry them waits and finds nothing. What
#: was committed while they were being looked for is seen here. Numbers of lines have no
#: gap. ``coalesce`` keeps PostgreSQL from looking for the runs by their age.
_STILL = """
SELECT r.id,
       coalesce((SELECT s.last_seq FROM run_events_runstream AS s
                 WHERE s.run_id = r.id)
                - (SELECT min(seq) FROM run_events_runevent WHERE run_id = r.id) + 1, 0)
FROM runs_run AS r
WHERE r.id = ANY(%(ids)s) AND coalesce(r.completed_at, 'infinity') < %(before)s
  AND NOT {needed}
ORDER BY r.completed_at, r.id
"""

_TRIM = """
DELETE FROM run_events_runevent
WHERE run_id = %(id)s
  AND seq < %(lines)s + (SELECT min(seq) FROM run_events_runevent WHERE run_id = %(id)s)
"""

_LINES = "DELETE FROM run_events_runevent WHERE run_id = ANY(%(ids)s)"

_QUESTIONS = """
SELECT id FROM interactions_interaction
WHERE run_id = ANY(%(ids)s) ORDER BY id FOR UPDATE
"""

#: In the order of locks. An event that the dispatcher holds is left to it: it finds no
#: run. Public events have an age of their own.
_OF_RUNS: Final = (
    ("jobs", "DELETE FROM jobs_job WHERE run_id = ANY(%(ids)s)"),
    ("waits", "DELETE FROM runs_wait WHERE run_id = ANY(%(ids)s)"),
    ("signals", "DELETE FROM runs_runsignal WHERE run_id = ANY(%(ids)s)"),
    (
        "interactions",
        "DELETE FROM interactions_interaction WHERE id = ANY(%(questions)s)",
    ),
    (
        "participants",
        "DELETE FROM interactions_interactionparticipant"
        " WHERE interaction_id = ANY(%(questions)s)",
    ),
    (
        "responses",
        "DELETE FROM interactions_interactionresponse"
        " WHERE interaction_id = ANY(%(questions)s)",
    ),
    (
        "deliveries",
        "DELETE FROM deliveries_delivery WHERE run_id = ANY(%(ids)s) AND run_id <> ''",
    ),
    (
        "internal_events",
        "DELETE FROM source_events_sourceevent WHERE id = ANY(ARRAY("
        " SELECT id FROM source_events_sourceevent"
        " WHERE run_id = ANY(%(ids)s) AND run_id <> '' AND dispatched_at IS NULL"
        " ORDER BY id FOR UPDATE SKIP LOCKED))",
    ),
    (
        "internal_events",
        "DELETE FROM source_events_sourceevent WHERE id = ANY(ARRAY("
        " SELECT id FROM source_events_sourceevent"
        " WHERE source_id = ANY(%(questions)s) AND run_id = '' AND NOT public"
        " AND dispatched_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED))",
    ),
    ("", "DELETE FROM run_events_runstream WHERE run_id = ANY(%(ids)s)"),
    ("run_events", _LINES),
    ("runs", "DELETE FROM runs_run WHERE id = ANY(%(ids)s)"),
)

_MARK = "UPDATE runs_run SET timeline_pruned = true WHERE id = ANY(%(ids)s)"


@transaction.atomic
def prune_runs(ages: Ages) -> Counter[str]:
    """Delete a batch of a project's old runs; return how many rows of which kind.

    Locks the runs, then what belongs to them in the order of locks. A run whose
    timeline alone is more than a batch loses the beginning of it first.
    """
    for pruned in (True, False):
        runs = _take(ages, before=ages.runs, pruned=pruned, needed=NEEDED)
        if runs:
            return _shorten(runs) or _delete([id_ for id_, _ in _fitting(runs)])
    return Counter()


@transaction.atomic
def prune_timelines(ages: Ages) -> Counter[str]:
    """Delete a batch of timelines that are kept shorter than their runs."""
    runs = _take(ages, before=ages.run_events, pruned=False, needed="false")
    if not runs:
        return Counter()
    shortened = _shorten(runs)
    if shortened:
        return shortened
    ids = [id_ for id_, _ in _fitting(runs)]
    lines = _execute(_LINES, ids=ids)
    return Counter(run_events=lines, timelines=_execute(_MARK, ids=ids))


def _take(
    ages: Ages, *, before: datetime, pruned: bool, needed: str
) -> list[tuple[str, int]]:
    """Lock runs and return each with the number of lines of its timeline."""
    values: dict[str, Any] = {
        "project_id": ages.project_id,
        "pruned": pruned,
        "before": before,
        "now": ages.now,
        "limit": RUNS_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(needed=needed), values)
        values["ids"] = [id_ for (id_,) in cursor.fetchall()]
        if not values["ids"]:
            return []
        cursor.execute(_STILL.format(needed=needed), values)
        return [(id_, lines) for id_, lines in cursor.fetchall()]


def _fitting(runs: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Return the first runs, as many as one transaction deletes."""
    lines = 0
    for place, (_, more) in enumerate(runs):
        lines += more
        if lines > LINES_MAX:
            return runs[:place]
    return runs


def _shorten(runs: Sequence[tuple[str, int]]) -> Counter[str]:
    """Delete the oldest lines of the first run if it has more than fit."""
    id_, lines = runs[0]
    if lines <= LINES_MAX:
        return Counter()
    return Counter(run_events=_execute(_TRIM, id=id_, lines=LINES_MAX))


def _delete(ids: Sequence[str]) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(_QUESTIONS, {"ids": list(ids)})
        questions = [id_ for (id_,) in cursor.fetchall()]
    deleted: Counter[str] = Counter()
    for kind, statement in _OF_RUNS:
        count = _execute(statement, ids=ids, questions=questions)
        if kind:
            deleted[kind] += count
    return +deleted


def _execute(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
