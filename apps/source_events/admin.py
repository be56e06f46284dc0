"""Admin page of the outbox: what happened, what waits, what failed and why."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    badge,
    button,
    link,
    link_list,
    may,
    related,
)
from apps.kernel.admin_lists import age_filter, choice_filter, word_filter
from apps.kernel.admin_sections import Section, duration, json_section
from apps.kernel.ids import CLOCKS_APART_MAX, IdKind, first_id, minted_at
from apps.source_events.admin_explaining import (
    ListenerForm,
    listener_link,
    listeners_section,
    told,
)
from apps.source_events.catalog import TYPES
from apps.source_events.explaining import explain, public_event
from apps.source_events.models import Listener, ListenerSource, SourceEvent
from apps.source_events.services.requeue import requeue_event

STATES = {"dispatched": "success", "failing": "danger", "due": "warning"}


def state_of(event: SourceEvent) -> str:
    """Return dispatched, failing, due or timer."""
    if event.dispatched_at is not None:
        return "dispatched"
    if event.failures:
        return "failing"
    return "due" if event.due_at <= clock.now() else "timer"


def event_types() -> list[tuple[str, str]]:
    """Return the event types of the catalogue, as choices of a filter."""
    return [(entry.name, entry.name) for entry in TYPES if not entry.prefix]


class StateFilter(admin.SimpleListFilter):
    """Events by what the dispatcher did with them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [(word, word) for word in ("due", "failing", "timer", "dispatched")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SourceEvent]
    ) -> QuerySet[SourceEvent]:
        """Return the rows of the chosen state."""
        waiting = queryset.filter(dispatched_at=None)
        match self.value():
            case "due":
                return waiting.filter(failures=0, due_at__lte=clock.now())
            case "failing":
                return waiting.filter(failures__gt=0)
            case "timer":
                return waiting.filter(failures=0, due_at__gt=clock.now())
            case "dispatched":
                return queryset.filter(dispatched_at__isnull=False)
            case _:
                return queryset


@admin.register(SourceEvent)
class SourceEventAdmin(QuickListAdmin):
    """Facts, and the button that lets a failed one go again."""

    list_display = [
        *("id", "event_type", "state", "run", "due_at", "waited"),
        "trouble",
    ]
    list_filter = [
        StateFilter,
        choice_filter("event_type", event_types, title="type"),
        age_filter(IdKind.SOURCE_EVENT),
        word_filter("project_id", title="project id"),
    ]
    list_defer = ["event", "meta"]
    search_ids = {
        IdKind.SOURCE_EVENT: "id",
        IdKind.RUN: "run_id",
        IdKind.TRIGGER: "source_id",
    }
    search_names = ["source_id", "event_type", "dedup_key"]
    search_help_text = "Id of the event, run, trigger or source; event type, dedup key"
    actions_detail = ["requeue", "explain"]
    fields = [
        ("id", "state"),
        ("event_type", "run"),
        ("source_kind", "source_id"),
        ("created_at", "due_at"),
        ("dispatched_at", "place"),
        ("public", "dedup_key", "depth"),
        ("came_of_it",),
        ("failures", "last_error"),
    ]
    readonly_fields = ["state", "run", "place", "came_of_it"]

    state = badge("due_at", STATES, description="state", value=state_of)

    def offers(self, name: str, row: SourceEvent) -> bool:
        """Only what failed can go again at once; a timer waits for its instant. Only
        public events are heard by triggers and waits."""
        return row.public if name == "explain" else state_of(row) == "failing"

    def sections(self, request: HttpRequest, row: SourceEvent) -> Sequence[Section]:
        """Show what happened, and who listens for such events."""
        shown = [json_section("Event", row.event), json_section("Meta", row.meta)]
        if row.public and may(request, "source_events.view_listener"):
            shown.append(listeners_section(row))
        return shown

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Look for the events of a run among those made since: runs have no index
        here."""
        found, twice = super().get_search_results(request, queryset, search_term)
        born = minted_at(search_term.strip())
        if born is not None and search_term.strip().startswith(f"{IdKind.RUN}_"):
            since = first_id(IdKind.SOURCE_EVENT, born - CLOCKS_APART_MAX)
            found = found.filter(id__gte=since)
        return found, twice

    @related("run")
    def run(self, event: SourceEvent) -> str:
        """Link to the run it moves."""
        return link("runs", "run", event.run_id)

    @related("project")
    def place(self, event: SourceEvent) -> str:
        """Link to the project."""
        return link("identity", "project", event.project_id)

    @related("what came of it")
    def came_of_it(self, event: SourceEvent) -> str:
        """Link to the fires, the runs and the waits that name it."""
        if not event.public:
            return self.empty_value_display
        lists = (
            ("triggers", "triggerfire", "fires"),
            ("runs", "run", "runs it started"),
            ("runs", "wait", "waits it ended"),
        )
        links = [
            (link_list(app, model, words, q=event.id),) for app, model, words in lists
        ]
        return format_html_join(", ", "{}", links)

    @related("trouble")
    def trouble(self, event: SourceEvent) -> str:
        """Show how often and why it failed."""
        if not event.failures:
            return self.empty_value_display
        return f"{event.failures} x {event.last_error[:200]}"

    @related("waited")
    def waited(self, event: SourceEvent) -> str:
        """Show how long after its instant it was dispatched."""
        return duration(event.due_at, event.dispatched_at)

    @button("Requeue", question="Dispatch this event again now?", icon="replay")
    def requeue(self, request: HttpRequest, object_id: str) -> str:
        """Make it due now."""
        requeue_event(object_id, now=clock.now())
        return "The event is due now."

    @button(
        "Why did it (not) match?",
        question="Compare a trigger or a wait with this event, check by check.",
        form=ListenerForm,
        icon="help",
    )
    def explain(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Say of each check whether it holds, and what came of the event."""
        return told(explain(filled["ref"].strip(), public_event(object_id)))


@admin.register(Listener)
class ListenerAdmin(QuickListAdmin):
    """Which trigger, webhook or wait hears which events."""

    list_display = ["pattern", "source_id", "listening", "who", "place"]
    list_filter = [choice_filter("source", lambda: ListenerSource.choices)]
    search_ids = {IdKind.WAIT: "ref", IdKind.PROJECT: "project_id"}
    search_names = ["ref", "pattern", "source_id"]
    search_help_text = "Trigger, webhook, wait or project id; pattern or source id"
    fields = [("pattern", "source_id"), ("source", "who"), "place"]
    readonly_fields = ["who", "place"]

    listening = badge(
        "source", {"trigger": "info", "webhook": "success"}, description="listens"
    )

    @related("who")
    def who(self, listener: Listener) -> str:
        """Link to the trigger, the webhook or the wait."""
        return listener_link(listener)

    @related("project")
    def place(self, listener: Listener) -> str:
        """Link to the project."""
        return link("identity", "project", listener.project_id)
