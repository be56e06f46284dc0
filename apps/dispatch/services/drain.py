"""Take due source events in batches and do what they wake, once."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db import OperationalError, connection, transaction

from apps.dispatch.router import DueEvent, input_of, is_signal
from apps.engine.inputs import SignalSent
from apps.runs.services.progress import Received, progress_runs
from apps.runs.services.signal import take_signals
from apps.runs.store import lock_runs

logger = logging.getLogger(__name__)

BATCH: Final = 100
RETRY_DELAY_MAX: Final = timedelta(hours=1)
ERROR_LENGTH_MAX: Final = 2000

_TAKE = """
SELECT id, event_type, run_id, event::text, failures FROM source_events_sourceevent
WHERE dispatched_at IS NULL AND due_at <= %s
ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""

_TAKE_ONE = """
SELECT id, event_type, run_id, event::text, failures FROM source_events_sourceevent
WHERE dispatched_at IS NULL AND id = %s FOR UPDATE SKIP LOCKED
"""

_DONE = "UPDATE source_events_sourceevent SET dispatched_at = %s WHERE id = ANY(%s)"

_PUT_OFF = """
UPDATE source_events_sourceevent
SET failures = failures + 1, due_at = %s, last_error = %s
WHERE id = %s AND dispatched_at IS NULL
"""


def drain_batch(now: datetime, *, limit: int = BATCH) -> int:
    """Dispatch up to ``limit`` due events; return how many were taken.

    The events, their effects and ``dispatched_at`` commit together, so a crash at any
    line means all of it happens again from the start, never half. When the batch
    fails its events are dispatched one by one; one that fails alone is put off
    (1 s, 2 s, 4 s … 1 h) and keeps its error for people to see.
    """
    taken: list[DueEvent] = []
    try:
        with transaction.atomic():
            taken = _take(_TAKE, [now, limit])
            _dispatch(taken, now)
    except OperationalError:
        raise
    except Exception:
        logger.exception("a batch of %d events failed; trying each alone", len(taken))
        for event in taken:
            dispatch_alone(event.id, now)
    return len(taken)


def dispatch_alone(event_id: str, now: datetime) -> bool:
    """Dispatch one event in its own transaction; return whether it went through."""
    try:
        with transaction.atomic():
            taken = _take(_TAKE_ONE, [event_id])
            _dispatch(taken, now)
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("source event %s failed", event_id)
        _put_off(event_id, error, now)
        return False
    return bool(taken)


def _take(statement: str, parameters: list[Any]) -> list[DueEvent]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [
            DueEvent(id_, type_, run_id, orjson.loads(event), failures)
            for id_, type_, run_id, event, failures in cursor.fetchall()
        ]


def _dispatch(events: Sequence[DueEvent], now: datetime) -> None:
    if not events:
        return
    received: dict[str, list[Received]] = defaultdict(list)
    signalled: list[str] = []
    for event in events:
        if is_signal(event.event_type):
            signalled.append(event.run_id)
            continue
        found = input_of(event, now)
        if found is not None:
            received[event.run_id].append(Received(found, event.event))
    if signalled:
        # Locks come first: only their holder may take signals in order.
        lock_runs({*received, *signalled})
        for signal in take_signals(signalled, now=now):
            sent = SignalSent(now, signal.id, signal.name, signal.payload)
            received[signal.run_id].append(Received(sent))
    if received:
        progress_runs(received, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_DONE, [now, [event.id for event in events]])


def _put_off(event_id: str, error: Exception, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT failures FROM source_events_sourceevent WHERE id = %s", [event_id]
        )
        row = cursor.fetchone()
        failures = row[0] if row else 0
        delay = min(timedelta(seconds=2 ** min(failures, 12)), RETRY_DELAY_MAX)
        words = f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX]
        cursor.execute(_PUT_OFF, [now + delay, words.replace("\x00", ""), event_id])
