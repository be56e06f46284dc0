"""Admin page of the outbox: what happened, what waits, what failed and why."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.kernel import clock
from apps.kernel.admin import ReadOnlyAdmin, badge, button, link, related
from apps.source_events.models import SourceEvent
from apps.source_events.services.requeue import requeue_event

STATES = {"dispatched": "success", "failing": "danger", "due": "warning"}


def state_of(event: SourceEvent) -> str:
    """Return dispatched, failing, due or timer."""
    if event.dispatched_at is not None:
        return "dispatched"
    if event.failures:
        return "failing"
    return "due" if event.due_at <= clock.now() else "timer"


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
class SourceEventAdmin(ReadOnlyAdmin):
    """Facts, and the button that lets a failed one go again."""

    list_display = ["id", "event_type", "state", "run", "failures", "due_at"]
    list_filter = [StateFilter, "event_type"]
    search_fields = ["id", "run_id", "source_id", "event_type"]
    ordering = ["-created_at"]
    actions_detail = ["requeue"]

    state = badge("due_at", STATES, description="state", value=state_of)

    @related("run", order_by="run_id")
    def run(self, event: SourceEvent) -> str:
        """Link to the run it moves."""
        return link("runs", "run", event.run_id)

    @button("Requeue", question="Dispatch this event again now?", icon="replay")
    def requeue(self, request: HttpRequest, object_id: str) -> str:
        """Make it due now."""
        requeue_event(object_id, now=clock.now())
        return "The event is due now."
