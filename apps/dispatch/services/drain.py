"""Take due source events in batches and do what they wake, once."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db import OperationalError, connection, transaction

from apps.dispatch.matching_triggers import fire_triggers
from apps.dispatch.matching_waits import awaited
from apps.dispatch.matching_webhooks import tell_of_batch
from apps.dispatch.router import DueEvent, errand_of, input_of, is_signal
from apps.dispatch.spans import note_failures, traced
from apps.engine.inputs import SignalSent
from apps.interactions.services.expire import decided_tasks
from apps.kernel import clock, tracing
from apps.kernel.log_context import about
from apps.realtime.counting import count, observe
from apps.runs.services.progress import Received, progress_runs
from apps.runs.services.signal import take_signals
from apps.runs.store import hold_runs, lock_runs
from apps.source_events.catalog import Internal

logger = logging.getLogger(__name__)

BATCH: Final = 100
RETRY_DELAY_MAX: Final = timedelta(hours=1)
ERROR_LENGTH_MAX: Final = 2000

_TAKE = """
SELECT id, event_type, run_id, event::text, failures, traceparent
FROM source_events_sourceevent
WHERE dispatched_at IS NULL AND due_at <= %s
ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""

_TAKE_ONE = """
SELECT id, event_type, run_id, event::text, failures, traceparent
FROM source_events_sourceevent
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
    began = time.perf_counter()
    taken: list[DueEvent] = []
    errands: list[DueEvent] = []
    try:
        with transaction.atomic():
            taken = _take(_TAKE, [now, limit])
            errands = [event for event in taken if errand_of(event) is not None]
            _dispatch(traced(event for event in taken if event not in errands), now)
    except OperationalError:
        raise
    except Exception:
        logger.exception("a batch of %d events failed; trying each alone", len(taken))
        errands = taken
    for event in errands:
        dispatch_alone(event.id, now)
    if taken:
        count("mobius_dispatch_events_total", len(taken))
        observe("mobius_dispatch_batch_seconds", time.perf_counter() - began)
    return len(taken)


def dispatch_alone(event_id: str, now: datetime) -> bool:
    """Dispatch one event in its own transaction; return whether it went through."""
    taken: list[DueEvent] = []
    try:
        with transaction.atomic():
            taken = _take(_TAKE_ONE, [event_id])
            errand = errand_of(taken[0]) if taken else None
            mine = traced(taken)
            if errand is not None:
                with tracing.within(mine[0].traceparent):
                    errand(mine[0].event, now)
                _mark_done(mine, now)
            else:
                _dispatch(mine, now)
    except OperationalError:
        raise
    except Exception as error:
        run_id = taken[0].run_id if taken else ""
        with about(event_id=event_id, run_id=run_id):
            logger.exception("source event %s failed", event_id)
        count("mobius_dispatch_failures_total")
        note_failures(taken, error, began=now, ended=clock.now())
        _put_off(event_id, error, now)
        return False
    return bool(taken)


def _take(statement: str, parameters: list[Any]) -> list[DueEvent]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [
            DueEvent(id_, type_, run_id, orjson.loads(event), failures, place)
            for id_, type_, run_id, event, failures, place in cursor.fetchall()
        ]


def _dispatch(events: Sequence[DueEvent], now: datetime) -> None:
    if not events:
        return
    received: dict[str, list[Received]] = defaultdict(list)
    signalled: dict[str, str | None] = {}
    waits = awaited(events)
    answered = _answered_in_time(events, waits.run_ids)
    for event in events:
        if _timer_of(event) in answered:
            continue
        if is_signal(event.event_type):
            signalled[event.run_id] = event.traceparent
            continue
        found = input_of(event, now)
        if found is not None:
            item = Received(found, event.event, event.traceparent)
            received[event.run_id].append(item)
    if signalled or waits.run_ids:
        # Locks come first: only their holder may take signals and events in order.
        locked = lock_runs({*received, *signalled, *waits.run_ids})
        for signal in take_signals(list(signalled), now=now):
            sent = SignalSent(
                now, signal.id, signal.name, signal.payload, signal.run_id
            )
            place = signalled[signal.run_id]
            received[signal.run_id].append(Received(sent, traceparent=place))
        for run_id, inputs in waits.inputs(locked, now).items():
            received[run_id][:0] = inputs
    if received:
        progress_runs(received, now=now)
    fire_triggers(events, now=now)
    tell_of_batch(events, now=now)
    _mark_done(events, now)


def _answered_in_time(
    events: Sequence[DueEvent], awaiting: set[str]
) -> set[tuple[str, int]]:
    """Return the waits whose time is up although their question was decided before:
    a person who was told that the answer counts must be right.

    Questions are locked, so all runs of the batch are before, ``awaiting`` included.
    """
    timers = [timer for event in events if (timer := _timer_of(event)) is not None]
    if not timers:
        return set()
    hold_runs(awaiting.union(event.run_id for event in events if event.run_id))
    return decided_tasks(timers)


def _timer_of(event: DueEvent) -> tuple[str, int] | None:
    is_timer = event.event_type == Internal.WAIT_DUE
    return (event.run_id, event.event["task_id"]) if is_timer else None


def _mark_done(events: Sequence[DueEvent], now: datetime) -> None:
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
