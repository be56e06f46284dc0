"""Admin page of fires: what became of each occasion, and why."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from apps.kernel.admin import QuickListAdmin, badge, link, related
from apps.kernel.admin_lists import age_filter, choice_filter, word_filter
from apps.kernel.admin_sections import Section, json_section
from apps.kernel.ids import IdKind
from apps.runs.models import Run
from apps.triggers.models import FireStatus, TriggerFire

FIRE_COLOURS = {
    "success": "success",
    "queued": "info",
    "skipped": "warning",
    "failed": "danger",
}


def fire_statuses() -> list[tuple[str, str]]:
    """Return what becomes of fires, as choices of a filter."""
    return [(status.value, status.value) for status in FireStatus]


def run_links(fire: TriggerFire) -> str:
    """Return links to the runs of a fire."""
    links = [(link("runs", "run", run_id),) for run_id in fire.run_ids]
    return format_html_join(" ", "{}", links) or "-"


@admin.register(TriggerFire)
class TriggerFireAdmin(QuickListAdmin):
    """What became of each occasion."""

    list_display = [
        *("id", "trigger", "standing", "fired_at", "scheduled_at", "runs", "why"),
    ]
    list_filter = [
        choice_filter("status", fire_statuses),
        age_filter(IdKind.TRIGGER_FIRE),
        word_filter("trigger_id", title="trigger id"),
    ]
    list_defer = ["context"]
    search_ids = {
        IdKind.TRIGGER_FIRE: "id",
        IdKind.TRIGGER: "trigger_id",
        IdKind.SOURCE_EVENT: "source_event_id",
    }
    search_names = ["dedup_key"]
    search_help_text = (
        "Id of the fire, trigger, source event or of a run it started; dedup key"
    )
    fields = [
        ("id", "standing"),
        ("trigger", "event"),
        ("fired_at", "settled_at"),
        ("scheduled_at", "dedup_key"),
        ("runs", "error"),
    ]
    readonly_fields = ["standing", "trigger", "event", "runs"]

    standing = badge("status", FIRE_COLOURS)

    def sections(self, request: HttpRequest, row: TriggerFire) -> Sequence[Section]:
        """Show what a queued fire waits with."""
        return [json_section("Waits with", row.context)] if row.context else []

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Look for the fire of a run among those of its trigger: the runs of a fire
        have no index."""
        word = search_term.strip()
        if not word.startswith(f"{IdKind.RUN}_"):
            return super().get_search_results(request, queryset, search_term)
        run = Run.objects.only("trigger_id").filter(id=word).first()
        if run is None or not run.trigger_id:
            return queryset.none(), False
        started = queryset.filter(trigger_id=run.trigger_id, run_ids__contains=[word])
        return started, False

    @related("trigger")
    def trigger(self, fire: TriggerFire) -> str:
        """Link to the trigger."""
        return link("triggers", "trigger", fire.trigger_id)

    @related("event")
    def event(self, fire: TriggerFire) -> str:
        """Link to the event that set it off."""
        return link("source_events", "sourceevent", fire.source_event_id)

    @related("runs")
    def runs(self, fire: TriggerFire) -> str:
        """Link to the runs it started."""
        return run_links(fire)

    @related("why")
    def why(self, fire: TriggerFire) -> str:
        """Show why there are none."""
        return fire.error[:200] or self.empty_value_display
