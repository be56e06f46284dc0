"""Redis, Celery, clocks, the outbox, workers and what leaves the house."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection

from apps.deliveries.models import Delivery, DeliveryStatus
from apps.jobs.models import Worker
from apps.jobs.presence import STALE_AFTER
from apps.kernel.ids import IdKind, first_id
from apps.ops.doctor.findings import Finding, bad, warn, well
from apps.ops.health import LAG_SECONDS_MAX
from apps.ops.overview import ROWS_MAX, WORKERS_FORGOTTEN_AFTER
from apps.realtime.connections import client
from apps.realtime.pulses import pulses
from apps.source_events.selectors import oldest_due_age

CLOCK_SECONDS_MAX: Final = 1.0
MEMORY_PART_MAX: Final = 0.9
SHOWN: Final = 10
DELIVERIES_SINCE: Final = timedelta(days=1)

_FAILING = """
SELECT event_type, count(*), max(failures), left(max(last_error), 120) FROM (
    SELECT event_type, failures, last_error FROM source_events_sourceevent
    WHERE dispatched_at IS NULL AND due_at <= %s ORDER BY due_at, id LIMIT %s) AS due
WHERE failures > 0 GROUP BY event_type ORDER BY 2 DESC LIMIT %s
"""
_UNSERVED = """
SELECT j.project_id, j.queue, j.action, count(*), min(j.available_at) FROM (
    SELECT project_id, queue, action, available_at FROM jobs_job
    WHERE status = 'pending' AND available_at <= %(before)s LIMIT %(limit)s) AS j
WHERE NOT EXISTS (
    SELECT 1 FROM jobs_worker w
    WHERE w.project_id = j.project_id AND w.last_seen_at > %(silent)s
      AND (w.queues = '{}' OR j.queue = ANY(w.queues))
      AND (w.actions = '{}' OR j.action = ANY(w.actions)))
GROUP BY 1, 2, 3 ORDER BY 5 LIMIT %(shown)s
"""


def redis(now: datetime) -> Iterator[Finding]:
    """Its version, its memory, and whether it throws keys away."""
    info: Any = client().info()
    version = info.get("valkey_version") or info.get("redis_version")
    most, used = info.get("maxmemory", 0), info.get("used_memory", 0)
    yield well("redis", f"{version}, {used / 2**20:.1f} MiB used")
    if most and used > MEMORY_PART_MAX * most:
        message = f"{used / most:.0%} of its memory is used"
        yield bad("redis", message, "give it more, or nothing but Mobius")
    policy = info.get("maxmemory_policy", "noeviction")
    if most and policy not in ("noeviction", "volatile-ttl", "volatile-lru"):
        message = f"it throws any key away when it is full ({policy}), hints too"
        yield warn("redis", message, "set maxmemory-policy noeviction")


def celery(now: datetime) -> Iterator[Finding]:
    """Signs of life of beat and of a worker."""
    for pulse in pulses() or ():
        if pulse.is_alive:
            yield well("celery", pulse.words)
        else:
            advice = f"start it: entrypoint.sh {pulse.role}; look at its log"
            yield bad("celery", pulse.words, advice)


def clocks(now: datetime) -> Iterator[Finding]:
    """How far this machine's clock is from those of the servers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there = {"PostgreSQL": cursor.fetchone()[0]}
    seconds, micros = client().time()
    there["Redis"] = datetime.fromtimestamp(seconds + micros / 1e6, tz=UTC)
    for name, at in there.items():
        apart = abs((datetime.now(UTC) - at).total_seconds())
        message = f"this clock and that of {name} are {apart:.3f} s apart"
        if apart > CLOCK_SECONDS_MAX:
            yield bad("clocks", message, "let NTP set both; leases compare clocks")
        else:
            yield well("clocks", message)


def outbox(now: datetime) -> Iterator[Finding]:
    """How far behind the dispatcher is, and what fails."""
    lag = oldest_due_age(now).total_seconds()
    message = f"the oldest due source event waits for {lag:.1f} s"
    if lag > LAG_SECONDS_MAX:
        yield bad("outbox", message, "see celery; add workers if it goes on")
    else:
        yield well("outbox", message)
    # A failing event is put off by an hour at most.
    until = now + timedelta(hours=1, minutes=1)
    with connection.cursor() as cursor:
        cursor.execute(_FAILING, [until, ROWS_MAX, SHOWN])
        failing = cursor.fetchall()
    for event_type, count, failures, error in failing:
        message = f"{count} {event_type} fail, up to {failures} times: {error}"
        advice = "mend the cause, then Requeue in the admin: Source events, failing"
        yield bad("outbox", message, advice)


def workers(now: datetime) -> Iterator[Finding]:
    """Workers that fell silent, and jobs that no live one takes."""
    silent = now - STALE_AFTER
    seen = Worker.objects.filter(last_seen_at__gt=now - WORKERS_FORGOTTEN_AFTER)
    stale = seen.filter(last_seen_at__lte=silent).order_by("-last_seen_at")
    names = list(stale.values_list("worker_id", flat=True)[:SHOWN])
    if names:
        message = f"silent for more than two minutes: {', '.join(names)}"
        yield warn("workers", message, "start them again, if nobody stopped them")
    live = seen.filter(last_seen_at__gt=silent).count()
    yield well("workers", f"{live} are live")
    values: dict[str, Any] = {
        "before": silent,
        "silent": silent,
        "limit": ROWS_MAX,
        "shown": SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNSERVED, values)
        unserved = cursor.fetchall()
    for project, queue, action, count, oldest in unserved:
        message = f"{count} jobs {action} on queue {queue} of {project} since {oldest}"
        advice = (
            "no live worker takes them: start one, or look at its queues and actions"
        )
        yield bad("workers", message, advice)


def deliveries(now: datetime) -> Iterator[Finding]:
    """Receivers that do not take what is sent to them."""
    recent = first_id(IdKind.DELIVERY, now - DELIVERIES_SINCE)
    rows = Delivery.objects.filter(id__gte=recent, status=DeliveryStatus.FAILED)
    found = list(
        rows.order_by("-id").values_list("id", "purpose", "last_error")[:SHOWN]
    )
    for id_, purpose, error in found:
        advice = f"mend the receiver, then Send again on the page of {id_}"
        yield warn("deliveries", f"{purpose} {id_} was given up: {error[:120]}", advice)
    if not found:
        yield well("deliveries", "none was given up since yesterday")
