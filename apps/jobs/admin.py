"""Admin pages of the queue."""

from django.contrib import admin
from django.http import HttpRequest

from apps.jobs.models import Job, Worker
from apps.jobs.presence import STALE_AFTER
from apps.jobs.services.rescue import rescue_job
from apps.kernel import clock
from apps.kernel.admin import ReadOnlyAdmin, badge, button, link, link_list, related

JOB_COLOURS = {
    "pending": "info",
    "claimed": "warning",
    "completed": "success",
    "failed": "danger",
    "lost": "danger",
}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Attempts, and the button that takes one back from a silent worker."""

    list_display = [
        *("id", "state", "action", "step_name", "run", "queue"),
        *("attempt", "worker_id", "available_at"),
    ]
    list_filter = ["status", "queue", "action"]
    search_fields = ["id", "run_id", "action", "worker_id", "step_name"]
    ordering = ["-created_at"]
    exclude = ["result"]
    actions_detail = ["rescue"]

    state = badge("status", JOB_COLOURS)

    @related("run", order_by="run_id")
    def run(self, job: Job) -> str:
        """Link to the run."""
        return link("runs", "run", job.run_id)

    @button("Rescue", question="Take this job back from its worker?", icon="healing")
    def rescue(self, request: HttpRequest, object_id: str) -> str:
        """Declare the claim lost; the retry policy decides what follows."""
        rescue_job(object_id, now=clock.now())
        return "The claim is void; the run goes on by its retry policy."


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Workers as last seen."""

    list_display = ["worker_id", "name", "version", "presence", "held", "last_seen_at"]
    search_fields = ["id", "worker_id", "name"]
    ordering = ["-last_seen_at"]

    presence = badge(
        "last_seen_at",
        {"online": "success", "stale": "danger"},
        description="presence",
        value=lambda worker: (
            "stale" if clock.now() - worker.last_seen_at > STALE_AFTER else "online"
        ),
    )

    @related("jobs in hand")
    def held(self, worker: Worker) -> str:
        """Link to the jobs this worker holds."""
        return link_list(
            "jobs",
            "job",
            "jobs",
            worker_id=worker.worker_id,
            status__exact="claimed",
        )
