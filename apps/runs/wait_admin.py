"""Admin page of waits: what runs wait for, and why an event did not end it."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest

from apps.engine.decisions import WaitKind
from apps.kernel.admin import QuickListAdmin, badge, button, link, may, related
from apps.kernel.admin_lists import (
    age_filter,
    choice_filter,
    fetch_in_time,
    word_filter,
)
from apps.kernel.admin_sections import Section, instant, json_section
from apps.kernel.ids import IdKind
from apps.runs.explaining import explain_wait
from apps.runs.models import Wait
from apps.source_events.admin_explaining import EventForm, told, verdict
from apps.source_events.explaining import EXPLAINERS, public_event
from apps.source_events.selectors import Filters, public_events

WAIT_COLOURS: Final = {"open": "info", "failed": "danger", "timed_out": "warning"}
EVENTS_SHOWN: Final = 10

EXPLAINERS[IdKind.WAIT] = explain_wait


def standing_of(wait: Wait) -> str:
    """Return how a wait ended, or that it is open."""
    return wait.outcome or "open"


class OpenFilter(admin.SimpleListFilter):
    """Waits by whether they are over."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("open", "open"), ("closed", "closed")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the rows of the chosen state."""
        if self.value() in {"open", "closed"}:
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(Wait)
class WaitAdmin(QuickListAdmin):
    """What runs wait for."""

    list_display = [
        *("id", "kind", "subject", "step_name", "run", "due_at", "standing"),
        "created_at",
    ]
    list_filter = [
        OpenFilter,
        choice_filter("kind", lambda: [(k.value, k.value) for k in WaitKind]),
        age_filter(IdKind.WAIT),
        word_filter("project_id", title="project id"),
        word_filter("event_filter__source_id", title="source id"),
    ]
    list_defer = ["event_filter"]
    search_ids = {
        IdKind.WAIT: "id",
        IdKind.RUN: "run_id",
        IdKind.SOURCE_EVENT: "event_id",
    }
    search_names = ["subject", "step_name"]
    search_help_text = (
        "Wait id, run id, id of the event that ended it; event type, signal or step"
    )
    actions_detail = ["explain"]
    fields = [
        ("id", "run"),
        ("kind", "subject"),
        ("step_name", "path"),
        ("created_at", "due_at"),
        ("closed_at", "standing"),
        ("event", "place"),
        ("listens_from", "looked_at"),
    ]
    readonly_fields = ["run", "standing", "event", "place"]

    standing = badge("outcome", WAIT_COLOURS, description="state", value=standing_of)

    def offers(self, name: str, row: Wait) -> bool:
        """Only a wait for events can be compared with one."""
        return row.event_filter is not None

    def sections(self, request: HttpRequest, row: Wait) -> Sequence[Section]:
        """Show which events it takes, and what it says of the latest of its type."""
        if row.event_filter is None:
            return []
        names = ("source_id", "match", "condition")
        shown = [json_section("Takes", {n: row.event_filter[n] for n in names})]
        if may(request, "source_events.view_sourceevent"):
            shown.append(_events_section(row))
        return shown

    @related("run")
    def run(self, wait: Wait) -> str:
        """Link to the run."""
        return link("runs", "run", wait.run_id)

    @related("ended by")
    def event(self, wait: Wait) -> str:
        """Link to the event that ended it."""
        return link("source_events", "sourceevent", wait.event_id)

    @related("project")
    def place(self, wait: Wait) -> str:
        """Link to the project."""
        return link("identity", "project", wait.project_id)

    @button(
        "Why did it (not) match?",
        question="Compare an event with this wait, check by check.",
        form=EventForm,
        icon="help",
    )
    def explain(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Say of each check whether it holds, and what came of the event."""
        event = public_event(filled["event_id"].strip())
        return told(explain_wait(object_id, event))


def _events_section(wait: Wait) -> Section:
    """Return the latest events of the type that the wait is for."""
    found = public_events(wait.project_id, Filters(wait.subject))
    latest = found.order_by("-created_at", "-id")[:EVENTS_SHOWN]
    in_time = fetch_in_time(latest)
    return Section(
        "Latest events of its type",
        headers=["Event", "Type", "Source", "Came", "Does it fit?"],
        rows=[
            (
                link("source_events", "sourceevent", event.id),
                event.event_type,
                event.source_id,
                instant(event.created_at),
                verdict(explain_wait(wait.id, event)),
            )
            for event in (latest if in_time else ())
        ],
        note="" if in_time else "it takes too long to find them",
    )
