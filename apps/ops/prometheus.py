"""The text that Prometheus reads: what was counted, and how things stand now.

Totals come from Redis and are those of the whole system, so one web process is read,
whichever answers; reading two of them would count everything twice. How things stand
comes from PostgreSQL, by the bounded statements of the overview. What does not answer
is left out, and ``mobius_up`` says so.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from django.db import DatabaseError

from apps.deliveries.models import Delivery, DeliveryStatus
from apps.ops.overview import (
    ROWS_MAX,
    open_questions,
    open_waits,
    outbox_state,
    queue_depths,
    worker_count,
)
from apps.realtime.counting import flush, said_now, sample, totals
from apps.realtime.pulses import pulses

Samples = Mapping[str, float]

#: Every family: its kind, and what it tells.
FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    "mobius_http_requests_total": ("counter", "Answers by method, route and status."),
    "mobius_http_request_seconds": (
        "histogram",
        "Time to an answer; a held claim or a stream counts until it begins.",
    ),
    "mobius_runs_started_total": (
        "counter",
        "Runs by dialect and by what starts them.",
    ),
    "mobius_runs_ended_total": ("counter", "Runs by status and the reason they ended."),
    "mobius_jobs_claimed_total": ("counter", "Jobs handed to workers."),
    "mobius_jobs_reported_total": ("counter", "Reports of workers by their status."),
    "mobius_jobs_taken_back_total": (
        "counter",
        "Jobs whose worker was silent or slow.",
    ),
    "mobius_dispatch_events_total": ("counter", "Source events dispatched."),
    "mobius_dispatch_failures_total": ("counter", "Source events that failed alone."),
    "mobius_dispatch_batch_seconds": ("histogram", "Time to dispatch one batch."),
    "mobius_delivery_attempts_total": ("counter", "Mail and callbacks by verdict."),
    "mobius_tasks_total": ("counter", "Celery tasks by name and outcome."),
    "mobius_claims_held": ("gauge", "Claims that wait for work."),
    "mobius_streams_open": ("gauge", "Event streams that are open."),
    "mobius_inboxes_open": ("gauge", "Inboxes that are open in browsers."),
    "mobius_up": ("gauge", "1 if it works: postgresql, redis, beat, worker."),
    "mobius_outbox_lag_seconds": ("gauge", "Age of the oldest due source event."),
    "mobius_outbox_due": ("gauge", f"Due source events, {ROWS_MAX} at most."),
    "mobius_outbox_failing": ("gauge", f"Failing source events, {ROWS_MAX} at most."),
    "mobius_jobs": ("gauge", f"Open jobs by state, {ROWS_MAX} of each at most."),
    "mobius_workers": ("gauge", "Workers of yours: live, or silent within a day."),
    "mobius_waits_open": ("gauge", f"Open waits by kind, {ROWS_MAX} at most."),
    "mobius_questions_open": ("gauge", f"Unanswered questions, {ROWS_MAX} at most."),
    "mobius_deliveries_pending": ("gauge", f"Unsent messages, {ROWS_MAX} at most."),
}
_PARTS: Final = ("_bucket", "_count", "_sum")
_END: Final = re.compile(r'[{,]le="([^"]+)"')


def exposition(*, now: datetime) -> str:
    """Return everything in Prometheus's text format."""
    flush()
    counted = totals()
    found: dict[str, float] = {**(counted or {}), **said_now(), **_pulses()}
    found[sample("mobius_up", {"part": "redis"})] = float(counted is not None)
    try:
        for read in _READ:
            found |= read(now)
        answers = 1.0
    except DatabaseError:
        answers = 0.0
    found[sample("mobius_up", {"part": "postgresql"})] = answers
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Samples) -> Iterator[str]:
    """Yield the lines, family by family; names that are not ours any more are left
    out."""
    by_family: dict[str, list[str]] = {}
    for one in found:
        by_family.setdefault(_family(one), []).append(one)
    for name, (kind, words) in FAMILIES.items():
        if name in by_family:
            yield f"# HELP {name} {words}"
            yield f"# TYPE {name} {kind}"
            for one in sorted(by_family[name], key=_order):
                yield f"{one} {float(found[one])!r}"


def _family(one: str) -> str:
    name = one.partition("{")[0]
    for part in _PARTS:
        if name.endswith(part) and name.removesuffix(part) in FAMILIES:
            return name.removesuffix(part)
    return name


def _order(one: str) -> tuple[str, float, str]:
    """Sort the classes of a histogram by their ends."""
    end = _END.search(one)
    if end is None:
        return (one, 0.0, "")
    return (one[: end.start()], float(end[1].replace("+Inf", "inf")), one)


def _pulses() -> dict[str, float]:
    alive = pulses() or []
    return {
        sample("mobius_up", {"part": pulse.role.value}): float(pulse.is_alive)
        for pulse in alive
    }


def _outbox(now: datetime) -> dict[str, float]:
    state = outbox_state(now=now)
    lag = (now - state.oldest).total_seconds() if state.oldest else 0.0
    return {
        "mobius_outbox_lag_seconds": lag,
        "mobius_outbox_due": state.due,
        "mobius_outbox_failing": state.failing,
    }


def _jobs(now: datetime) -> dict[str, float]:
    depths = queue_depths(now=now)
    states = {
        "ready": sum(depth.ready for depth in depths),
        "later": sum(depth.later for depth in depths),
        "claimed": sum(depth.claimed for depth in depths),
    }
    return {sample("mobius_jobs", {"state": s}): n for s, n in states.items()}


def _workers(now: datetime) -> dict[str, float]:
    count = worker_count(now=now)
    return {
        sample("mobius_workers", {"state": "live"}): count.live,
        sample("mobius_workers", {"state": "stale"}): count.stale,
    }


def _people(now: datetime) -> dict[str, float]:
    waits = open_waits()
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING).order_by()
    return {
        **{sample("mobius_waits_open", {"kind": k}): n for k, n in waits.items()},
        "mobius_questions_open": open_questions(now=now),
        "mobius_deliveries_pending": pending[:ROWS_MAX].count(),
    }


_READ: Final[tuple[Callable[[datetime], dict[str, float]], ...]] = (
    *(_outbox, _jobs),
    *(_workers, _people),
)
