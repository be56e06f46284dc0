"""Retention of what only machines read: dispatched events, old answers, post."""

from datetime import datetime, timedelta

from django.db import connection

from apps.api.idempotency import LIFETIME

#: How long a dispatched event that moved a run stays, for people who look for why.
KEEP_DISPATCHED = timedelta(days=3)
#: How long facts that only tell, such as run.completed, stay.
KEEP_FACTS = timedelta(days=30)
#: How long messages that were delivered, or finally were not, stay.
KEEP_DELIVERIES = timedelta(days=30)
#: How long it can be seen why a trigger did or did not start runs.
KEEP_FIRES = timedelta(days=30)
BATCH = 5000

_PRUNE_EVENTS = """
DELETE FROM source_events_sourceevent WHERE id IN (
    SELECT id FROM source_events_sourceevent
    WHERE created_at < %s AND dispatched_at IS NOT NULL AND run_id <> ''
      AND NOT public
    LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_PRUNE_FACTS = """
DELETE FROM source_events_sourceevent WHERE id IN (
    SELECT id FROM source_events_sourceevent
    WHERE created_at < %s AND dispatched_at IS NOT NULL
    LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_PRUNE_ANSWERS = """
DELETE FROM api_idempotencyrecord WHERE id IN (
    SELECT id FROM api_idempotencyrecord
    WHERE created_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_PRUNE_DELIVERIES = """
DELETE FROM deliveries_delivery WHERE id IN (
    SELECT id FROM deliveries_delivery
    WHERE created_at < %s AND status <> 'pending'
    LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_PRUNE_FIRES = """
DELETE FROM triggers_triggerfire WHERE id IN (
    SELECT id FROM triggers_triggerfire
    WHERE fired_at < %s AND status <> 'queued'
    LIMIT %s FOR UPDATE SKIP LOCKED)
"""


def prune(*, now: datetime) -> int:
    """Delete one batch of each kind after another until nothing is old; return the
    number of rows. Short statements: nobody waits for them."""
    deleted = 0
    for statement, before in (
        (_PRUNE_EVENTS, now - KEEP_DISPATCHED),
        (_PRUNE_FACTS, now - KEEP_FACTS),
        (_PRUNE_ANSWERS, now - LIFETIME),
        (_PRUNE_DELIVERIES, now - KEEP_DELIVERIES),
        (_PRUNE_FIRES, now - KEEP_FIRES),
    ):
        while True:
            with connection.cursor() as cursor:
                cursor.execute(statement, [before, BATCH])
                count = cursor.rowcount
            deleted += count
            if count < BATCH:
                break
    return deleted
