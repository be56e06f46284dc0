"""The first page of the admin: how the system is, and where to look."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.engine.state import RunStatus
from apps.kernel import clock
from apps.kernel.admin import link, link_list, list_address, may
from apps.kernel.admin_sections import Section, duration, instant
from apps.ops.overview import (
    ROWS_MAX,
    latest_failures,
    open_questions,
    open_waits,
    outbox_state,
    queue_depths,
    runs_by_status,
    worker_count,
)
from apps.run_events.admin import RUN_COLOURS

FAILURES_SHOWN = 8
#: An event that is due for longer says that nobody dispatches; seconds.
LATE_AFTER_SECONDS = 10

admin.site.index_title = "Overview"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, what it counts, how it is meant, and where its rows are."""

    label: str
    value: str
    address: str
    colour: str = "plain"


@dataclass(frozen=True, slots=True)
class Panel:
    """Some figures under one heading."""

    title: str
    figures: list[Figure]


def fill_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add ``panels`` and ``sections`` to the context of the first page: only what
    this person may look at is counted."""
    now = clock.now()
    panels: list[tuple[str, Callable[[datetime], Panel]]] = [
        ("runs.view_run", _runs),
        ("source_events.view_sourceevent", _events),
        ("jobs.view_worker", _workers),
        ("runs.view_wait", _waits),
        ("interactions.view_interaction", _questions),
    ]
    tables: list[tuple[str, Callable[[datetime], Section]]] = [
        ("jobs.view_job", _queues),
        ("runs.view_run", _failures),
    ]
    shown = {
        "panels": [make(now) for name, make in panels if may(request, name)],
        "sections": [make(now) for name, make in tables if may(request, name)],
    }
    return {**context, **shown, "counted_at": instant(now)}


def _number(count: int) -> str:
    return f"{count:,}+" if count >= ROWS_MAX else f"{count:,}"


def _runs(now: datetime) -> Panel:
    counts = runs_by_status(now=now)
    figures = [
        Figure(
            status.value,
            _number(counts.get(status.value, 0)),
            list_address("runs", "run", status=status.value, age="hour"),
            RUN_COLOURS[status.value] if counts.get(status.value) else "plain",
        )
        for status in RunStatus
    ]
    title = "Runs started in the last hour"
    if sum(counts.values()) >= ROWS_MAX:
        title += f", newest {ROWS_MAX:,}"
    return Panel(title, figures)


def _events(now: datetime) -> Panel:
    state = outbox_state(now=now)
    lag = (now - state.oldest).total_seconds() if state.oldest else 0.0
    late = "danger" if lag > LATE_AFTER_SECONDS else "success"
    return Panel(
        "Source events",
        [
            Figure("due now", _number(state.due), _events_in("due")),
            Figure(
                "oldest due for",
                duration(state.oldest, now) or "none",
                _events_in("due"),
                late,
            ),
            Figure(
                "failing",
                _number(state.failing),
                _events_in("failing"),
                "danger" if state.failing else "success",
            ),
        ],
    )


def _events_in(state: str) -> str:
    return list_address("source_events", "sourceevent", state=state)


def _workers(now: datetime) -> Panel:
    count = worker_count(now=now)

    def listed(presence: str) -> str:
        return list_address("jobs", "worker", presence=presence)

    return Panel(
        "Workers",
        [
            Figure(
                "online",
                _number(count.live),
                listed("online"),
                "success" if count.live else "danger",
            ),
            Figure(
                "stale",
                _number(count.stale),
                listed("stale"),
                "warning" if count.stale else "plain",
            ),
        ],
    )


def _waits(now: datetime) -> Panel:
    counts = open_waits() or {"none": 0}
    return Panel(
        "Open waits",
        [
            Figure(
                kind,
                _number(count),
                list_address("runs", "wait", state="open", kind=kind)
                if count
                else list_address("runs", "wait", state="open"),
            )
            for kind, count in counts.items()
        ],
    )


def _questions(now: datetime) -> Panel:
    count = open_questions(now=now)
    address = list_address("interactions", "interaction", status="pending")
    colour = "warning" if count else "plain"
    return Panel("Interactions", [Figure("pending", _number(count), address, colour)])


def _queues(now: datetime) -> Section:
    return Section(
        "Queues",
        headers=["Queue", "Ready", "Later", "In hand", "Oldest ready for"],
        rows=[
            (
                depth.queue,
                _linked(depth.ready, depth.queue, "pending"),
                _linked(depth.later, depth.queue, "pending"),
                _linked(depth.claimed, depth.queue, "claimed"),
                duration(depth.oldest, now) if depth.ready else "",
            )
            for depth in queue_depths(now=now)
        ],
        more=list_address("jobs", "job", status="pending"),
    )


def _linked(count: int, queue: str, status: str) -> str:
    """Return a number of jobs, linked to their list unless it is 0."""
    if not count:
        return "0"
    return link_list("jobs", "job", _number(count), queue=queue, status=status)


def _failures(now: datetime) -> Section:
    return Section(
        "Latest failed runs",
        headers=["Run", "Workflow", "Failed", "Error"],
        rows=[
            (
                link("runs", "run", failure.run_id),
                failure.workflow_name,
                f"{duration(failure.failed_at, now)} ago",
                ": ".join(
                    one for one in (failure.error_type, failure.error_message) if one
                ),
            )
            for failure in latest_failures(limit=FAILURES_SHOWN)
        ],
        more=list_address("runs", "run", status="failed"),
    )
