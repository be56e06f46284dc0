"""Admin page of the timelines."""

from django.contrib import admin

from apps.kernel.admin import ReadOnlyAdmin, badge, link, related
from apps.run_events.models import RunEvent, RunStream

RUN_COLOURS = {
    "completed": "success",
    "failed": "danger",
    "cancelled": "warning",
    "running": "info",
}


@admin.register(RunEvent)
class RunEventAdmin(ReadOnlyAdmin):
    """Lines of timelines."""

    list_display = ["run", "seq", "type", "state", "created_at"]
    list_filter = ["status", "from_worker"]
    search_fields = ["run_id", "type"]
    ordering = ["-id"]

    state = badge("status", RUN_COLOURS)

    @related("run", order_by="run_id")
    def run(self, event: RunEvent) -> str:
        """Link to the run."""
        return link("runs", "run", event.run_id)


@admin.register(RunStream)
class RunStreamAdmin(ReadOnlyAdmin):
    """Heads of timelines."""

    list_display = ["run_id", "last_seq"]
    search_fields = ["run_id"]
