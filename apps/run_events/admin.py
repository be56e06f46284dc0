"""Admin page of the timelines."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.kernel.admin import QuickListAdmin, badge, link, link_list, related
from apps.kernel.admin_lists import word_filter
from apps.kernel.admin_sections import Section, json_section, one_line
from apps.kernel.ids import IdKind
from apps.run_events.models import RunEvent, RunStream

#: The colours of a run's status, here and on the pages of runs.
RUN_COLOURS = {
    "completed": "success",
    "failed": "danger",
    "cancelled": "plain",
    "running": "warning",
    "queued": "info",
    "suspended": "primary",
}


@admin.register(RunEvent)
class RunEventAdmin(QuickListAdmin):
    """Lines of timelines."""

    list_display = ["line", "run", "type", "state", "content", "created_at"]
    list_filter = [word_filter("type"), "from_worker"]
    search_ids = {IdKind.RUN: "run_id"}
    search_help_text = "Run id"
    fields = [("run", "seq"), ("type", "from_worker"), ("state", "created_at")]
    readonly_fields = ["run", "state"]

    state = badge("status", RUN_COLOURS, description="run is")

    def sections(self, request: HttpRequest, row: RunEvent) -> Sequence[Section]:
        """Show what the line says."""
        return [json_section("Payload", row.payload)]

    @related("line")
    def line(self, event: RunEvent) -> str:
        """Show the number within the run."""
        return f"# {event.seq}"

    @related("run")
    def run(self, event: RunEvent) -> str:
        """Link to the run."""
        return link("runs", "run", event.run_id)

    @related("payload")
    def content(self, event: RunEvent) -> str:
        """Show the payload on a line."""
        return one_line(event.payload)


@admin.register(RunStream)
class RunStreamAdmin(QuickListAdmin):
    """Heads of timelines."""

    list_display = ["run_id", "last_seq", "lines"]
    search_ids = {IdKind.RUN: "run_id"}
    search_help_text = "Run id"
    ordering = ["-run_id"]
    fields = [("run",), ("last_seq", "lines")]
    readonly_fields = ["run", "lines"]

    @related("run")
    def run(self, stream: RunStream) -> str:
        """Link to the run."""
        return link("runs", "run", stream.run_id)

    @related("timeline")
    def lines(self, stream: RunStream) -> str:
        """Link to the lines."""
        return link_list("run_events", "runevent", "timeline", q=stream.run_id)
