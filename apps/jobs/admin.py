"""Admin pages of the queue."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.jobs.models import Job, JobStatus, Worker
from apps.jobs.owners import is_invocation
from apps.jobs.presence import STALE_AFTER
from apps.jobs.services.drain_worker import drain_worker
from apps.jobs.services.rescue import rescue_job
from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    ReadOnlyAdmin,
    badge,
    button,
    link,
    link_list,
    related,
)
from apps.kernel.admin_lists import age_filter, choice_filter, word_filter
from apps.kernel.admin_sections import Section, duration, json_section
from apps.kernel.ids import IdKind

JOB_COLOURS = {
    "pending": "info",
    "claimed": "warning",
    "completed": "success",
    "failed": "danger",
    "lost": "danger",
}


@admin.register(Job)
class JobAdmin(QuickListAdmin):
    """Attempts, and the button that takes one back from a silent worker."""

    list_display = [
        *("id", "state", "action", "run", "queue", "tries"),
        *("worker_id", "available_at"),
    ]
    list_filter = [
        choice_filter("status", lambda: JobStatus.choices),
        age_filter(IdKind.JOB),
        word_filter("queue"),
        word_filter("action"),
        word_filter("worker_id", title="worker id"),
    ]
    list_defer = ["parameters", "result", "error_message"]
    search_ids = {IdKind.JOB: "id", IdKind.RUN: "run_id"}
    search_help_text = "Job id or run id"
    actions_detail = ["rescue"]
    fields = [
        ("id", "state"),
        ("run", "action"),
        ("step_name", "path"),
        ("queue", "tries"),
        ("worker_id", "took"),
        ("created_at", "available_at"),
        ("claimed_at", "finished_at"),
        ("heartbeat_at", "lease_expires_at"),
        ("deadline_at", "told_to_stop"),
        ("error_type", "error_message"),
    ]
    readonly_fields = ["state", "run", "tries", "took", "told_to_stop"]

    state = badge("status", JOB_COLOURS, description="status")

    def offers(self, name: str, row: Job) -> bool:
        """Only a job in somebody's hands can be taken back."""
        return row.status == JobStatus.CLAIMED

    def sections(self, request: HttpRequest, row: Job) -> Sequence[Section]:
        """Show what the worker got and what it answered."""
        return [
            json_section("Parameters", row.parameters),
            json_section("Result", readable_result(row.result)),
        ]

    @related("run")
    def run(self, job: Job) -> str:
        """Link to the run, or to the call of an action without one."""
        if is_invocation(job.run_id):
            return link("actions", "invocation", job.run_id)
        return link("runs", "run", job.run_id)

    @related("attempt")
    def tries(self, job: Job) -> str:
        """Show which attempt of how many this is."""
        return f"{job.attempt} of {job.max_attempts}"

    @related("told to stop")
    def told_to_stop(self, job: Job) -> str:
        """Say whether the worker's next heartbeat tells it to stop."""
        return "yes" if job.cancel_requested else "no"

    @related("took")
    def took(self, job: Job) -> str:
        """Show how long the worker had it."""
        return duration(job.claimed_at, job.finished_at)

    @button("Rescue", question="Take this job back from its worker?", icon="healing")
    def rescue(self, request: HttpRequest, object_id: str) -> str:
        """Declare the claim lost; the retry policy decides what follows."""
        rescue_job(object_id, now=clock.now())
        return "The claim is void; the run goes on by its retry policy."


def readable_result(result: Any) -> Any:
    """Return a stored result as JSON if it is that, else as text; None if none."""
    if result is None:
        return None
    raw = bytes(result)
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


class PresenceFilter(admin.SimpleListFilter):
    """Workers by whether they were heard of."""

    title = "presence"
    parameter_name = "presence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [
            ("online", "online"),
            ("stale", "stale, seen today"),
            ("gone", "not seen for a day"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Worker]"
    ) -> "QuerySet[Worker]":
        """Return the workers of the chosen presence."""
        silent, gone = clock.now() - STALE_AFTER, clock.now() - timedelta(days=1)
        match self.value():
            case "online":
                return queryset.filter(last_seen_at__gte=silent)
            case "stale":
                return queryset.filter(last_seen_at__range=(gone, silent))
            case "gone":
                return queryset.filter(last_seen_at__lt=gone)
            case _:
                return queryset


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Workers as last seen."""

    list_display = [
        *("worker_id", "name", "version", "presence", "serves", "held"),
        *("transport", "last_seen_at"),
    ]
    actions_detail = ["drain"]
    list_filter = [PresenceFilter]
    search_fields = ["id", "worker_id", "name"]
    search_help_text = "Worker id or name"
    ordering = ["-last_seen_at"]
    fields = [
        ("worker_id", "presence"),
        ("name", "version"),
        ("place", "held"),
        ("transport", "concurrency_limit"),
        ("queue_names", "action_names"),
        ("last_seen_at", "last_heartbeat_at"),
        ("created_at",),
    ]
    readonly_fields = [
        *("presence", "place", "held", "transport", "queue_names", "action_names")
    ]

    presence = badge(
        "last_seen_at",
        {"online": "success", "stale": "danger"},
        description="presence",
        value=lambda worker: (
            "stale" if clock.now() - worker.last_seen_at > STALE_AFTER else "online"
        ),
    )

    def offers(self, name: str, row: Worker) -> bool:
        """Only a worker on a socket can be told to go."""
        return bool(row.connection_id) and not row.draining

    @button("Drain", question="Let this worker finish and take no more?", icon="logout")
    def drain(self, request: HttpRequest, object_id: str) -> str:
        """Tell the worker to finish what it has; its session gets nothing more."""
        drain_worker(object_id)
        return "The worker finishes what it has and takes no more."

    @related("transport")
    def transport(self, worker: Worker) -> str:
        """Say how it comes by its jobs now."""
        if not worker.connection_id:
            return "HTTP"
        return "socket, draining" if worker.draining else "socket"

    @related("project")
    def place(self, worker: Worker) -> str:
        """Link to the project."""
        return link("identity", "project", worker.project_id)

    @related("queues")
    def serves(self, worker: Worker) -> str:
        """Name the queues it takes from."""
        return _listed(worker.queues)

    @related("queues")
    def queue_names(self, worker: Worker) -> str:
        """Name the queues it takes from."""
        return _listed(worker.queues)

    @related("actions")
    def action_names(self, worker: Worker) -> str:
        """Name the actions it takes."""
        return _listed(worker.actions)

    @related("jobs in hand")
    def held(self, worker: Worker) -> str:
        """Link to the jobs this worker holds."""
        return link_list(
            "jobs", "job", "jobs", worker_id=worker.worker_id, status="claimed"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "all"
