"""Admin pages of runs: where a run stands, why, and the buttons that steer it."""

from django.contrib import admin
from django.http import HttpRequest

from apps.kernel import clock
from apps.kernel.admin import ReadOnlyAdmin, badge, button, link, link_list, related
from apps.runs.models import Run, RunSignal, Wait
from apps.runs.services.cancel import cancel_run
from apps.runs.services.resume import resume_run
from apps.runs.services.retry import retry_run

RUN_COLOURS = {
    "completed": "success",
    "failed": "danger",
    "cancelled": "warning",
    "running": "info",
    "queued": "info",
}


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Runs with their jobs, timeline, waits and events one click away."""

    list_display = [
        *("id", "workflow_name", "state_badge", "attempt", "queue"),
        *("definition", "jobs", "created_at", "completed_at"),
    ]
    list_filter = ["status", "queue", "workflow_name"]
    search_fields = ["id", "external_id", "workflow_name", "initiated_by"]
    ordering = ["-created_at"]
    date_hierarchy = "created_at"
    actions_detail = ["cancel", "retry", "resume"]
    readonly_fields = ["definition", "jobs", "timeline", "waits", "source_events"]

    state_badge = badge("status", RUN_COLOURS, description="status")

    @related("definition", order_by="workflow_id")
    def definition(self, run: Run) -> str:
        """Link to the workflow; inline specs have none."""
        if not run.workflow_id:
            return "inline"
        text = f"{run.workflow_name} v{run.workflow_version}"
        return link("workflows", "workflow", run.workflow_id, text)

    @related("jobs")
    def jobs(self, run: Run) -> str:
        """Link to the attempts."""
        return link_list("jobs", "job", "jobs", q=run.id)

    @related("timeline")
    def timeline(self, run: Run) -> str:
        """Link to the lines of the timeline."""
        return link_list("run_events", "runevent", "timeline", q=run.id)

    @related("waits")
    def waits(self, run: Run) -> str:
        """Link to what the run waited for."""
        return link_list("runs", "wait", "waits", q=run.id)

    @related("source events")
    def source_events(self, run: Run) -> str:
        """Link to the events that move the run."""
        return link_list("source_events", "sourceevent", "source events", q=run.id)

    @button("Cancel", question="End this run now?", icon="cancel", danger=True)
    def cancel(self, request: HttpRequest, object_id: str) -> str:
        """Cancel through the service of the API."""
        run = Run.objects.only("project_id").get(id=object_id)
        by = f"cancelled in the admin by {request.user.get_username()}"
        status = cancel_run(run.project_id, object_id, reason=by, now=clock.now())
        return f"The run is {status}."

    @button("Retry", question="Let this failed run go on?", icon="replay")
    def retry(self, request: HttpRequest, object_id: str) -> str:
        """Retry in place through the service of the API."""
        run = Run.objects.only("project_id").get(id=object_id)
        retry_run(run.project_id, object_id, now=clock.now())
        return "The run is queued again."

    @button("Resume", question="Resume the paused paths?", icon="play_arrow")
    def resume(self, request: HttpRequest, object_id: str) -> str:
        """Resume through the service of the API."""
        run = Run.objects.only("project_id").get(id=object_id)
        resume_run(run.project_id, object_id, now=clock.now())
        return "The paused paths go on."


@admin.register(Wait)
class WaitAdmin(ReadOnlyAdmin):
    """What runs wait for."""

    list_display = ["id", "kind", "subject", "step_name", "run", "due_at", "outcome"]
    list_filter = ["kind", "outcome"]
    search_fields = ["id", "run_id", "subject", "step_name"]
    ordering = ["-created_at"]

    @related("run", order_by="run_id")
    def run(self, wait: Wait) -> str:
        """Link to the run."""
        return link("runs", "run", wait.run_id)


@admin.register(RunSignal)
class RunSignalAdmin(ReadOnlyAdmin):
    """Signals sent to runs."""

    list_display = ["id", "name", "run", "created_at", "delivered_at"]
    search_fields = ["id", "run_id", "name"]
    ordering = ["-number"]

    @related("run", order_by="run_id")
    def run(self, signal: RunSignal) -> str:
        """Link to the run."""
        return link("runs", "run", signal.run_id)
