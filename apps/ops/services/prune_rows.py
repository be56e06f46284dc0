"""Delete old rows that stand for themselves: events, messages, fires, answers."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.api.idempotency import LIFETIME
from apps.kernel.ids import IdKind, first_id
from apps.ops.retention import (
    KEEP_CALLS,
    KEEP_DELIVERIES,
    KEEP_FIRES,
    SPENT_FACT,
    SPENT_INTERNAL,
    Ages,
)

#: Rows that one statement deletes at most.
ROWS_MAX: Final = 2000

#: Promises: the oldest rows first, found through an index in this order; rows in other
#: hands are left.
_FACTS = f"""
DELETE FROM source_events_sourceevent WHERE id = ANY(ARRAY(
    SELECT e.id FROM source_events_sourceevent AS e WHERE {SPENT_FACT}
    ORDER BY e.created_at, e.id LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED))
"""  # noqa: S608 - the condition is a constant

_INTERNAL = f"""
DELETE FROM source_events_sourceevent WHERE id = ANY(ARRAY(
    SELECT e.id FROM source_events_sourceevent AS e WHERE {SPENT_INTERNAL}
    ORDER BY e.dispatched_at LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED))
"""  # noqa: S608 - the condition is a constant

_ANSWERS = """
DELETE FROM api_idempotencyrecord WHERE id = ANY(ARRAY(
    SELECT id FROM api_idempotencyrecord WHERE created_at < %(before)s
    ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""

#: Ids sort by time: the oldest rows are the first of the primary key.
_DELIVERIES = """
DELETE FROM deliveries_delivery WHERE id = ANY(ARRAY(
    SELECT id FROM deliveries_delivery
    WHERE id < %(first)s AND created_at < %(before)s AND status <> 'pending'
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""

_TROUBLES = """
DELETE FROM deliveries_trouble WHERE id = ANY(ARRAY(
    SELECT id FROM deliveries_trouble WHERE updated_at < %(before)s
    ORDER BY updated_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""

_FIRES = """
DELETE FROM triggers_triggerfire WHERE id = ANY(ARRAY(
    SELECT id FROM triggers_triggerfire
    WHERE id < %(first)s AND fired_at < %(before)s AND status <> 'queued'
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""

_CALLS = """
DELETE FROM actions_invocation WHERE id = ANY(ARRAY(
    SELECT id FROM actions_invocation
    WHERE id < %(first)s AND finished_at < %(before)s
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING id
"""
#: A direct call's jobs go with it; those of a run go with their run.
_JOBS_OF_CALLS = "DELETE FROM jobs_job WHERE run_id = ANY(%s)"


def prune_source_events(ages: Ages) -> Counter[str]:
    """Delete a batch of a project's public facts that are old and needed by nobody."""
    place = {"project_id": ages.project_id, "before": ages.source_events}
    return Counter(source_events=_execute(_FACTS, place))


def prune_internal_events(ages: Ages) -> Counter[str]:
    """Delete a batch of a project's internal events that were dispatched long ago."""
    place = {"project_id": ages.project_id, "before": ages.internal_events}
    return Counter(internal_events=_execute(_INTERNAL, place))


def prune_answers(now: datetime) -> Counter[str]:
    """Delete a batch of answers that Idempotency-Key does not repeat any more."""
    return Counter(answers=_execute(_ANSWERS, {"before": now - LIFETIME}))


def prune_deliveries(now: datetime) -> Counter[str]:
    """Delete a batch of messages that were delivered, or finally were not, and of
    troubles of receivers to which nothing was sent since."""
    before = now - KEEP_DELIVERIES
    place = {"before": before, "first": first_id(IdKind.DELIVERY, before)}
    return Counter(
        deliveries=_execute(_DELIVERIES, place),
        troubles=_execute(_TROUBLES, {"before": before}),
    )


def prune_fires(now: datetime) -> Counter[str]:
    """Delete a batch of fires that are settled."""
    before = now - KEEP_FIRES
    place = {"before": before, "first": first_id(IdKind.TRIGGER_FIRE, before)}
    return Counter(fires=_execute(_FIRES, place))


@transaction.atomic
def prune_calls(now: datetime) -> Counter[str]:
    """Delete a batch of calls of actions that are over."""
    before = now - KEEP_CALLS
    first = first_id(IdKind.INVOCATION, before)
    with connection.cursor() as cursor:
        place: dict[str, Any] = {"before": before, "first": first, "limit": ROWS_MAX}
        cursor.execute(_CALLS, place)
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return Counter()
        cursor.execute(_JOBS_OF_CALLS, [ids])
        return Counter(calls=len(ids), jobs=int(cursor.rowcount))


def _execute(statement: str, place: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**place, "limit": ROWS_MAX})
        return int(cursor.rowcount)
