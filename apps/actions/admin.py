"""Admin pages of actions: what a project has, and what was called."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.actions.models import (
    CustomAction,
    Invocation,
    InvocationOrigin,
    InvocationStatus,
)
from apps.kernel.admin import QuickListAdmin, ReadOnlyAdmin, badge, link, related
from apps.kernel.admin_lists import age_filter, choice_filter, word_filter
from apps.kernel.admin_sections import Section, duration, json_section
from apps.kernel.ids import IdKind

STATES = {
    "active": "info",
    "completed": "success",
    "failed": "danger",
    "cancelled": "warning",
}


@admin.register(CustomAction)
class CustomActionAdmin(ReadOnlyAdmin):
    """Actions of projects, without what signs their calls."""

    list_display = [
        *("name", "standing", "endpoint_kind", "endpoint_url", "risk", "place"),
        "updated_at",
    ]
    list_filter = ["enabled", "endpoint_kind", "risk"]
    list_select_related = ["project"]
    search_fields = ["id", "name", "title", "endpoint_url"]
    search_help_text = "Action id, name, title or address"
    ordering = ["name", "id"]
    fields = [
        ("id", "place"),
        ("name", "standing"),
        ("title", "risk"),
        ("description",),
        ("endpoint_kind", "endpoint_url"),
        ("invocation_format", "key_version"),
        ("timeout_seconds", "creator"),
        ("created_at", "updated_at"),
    ]
    readonly_fields = ["place", "standing", "creator"]

    standing = badge(
        "enabled",
        {"enabled": "success", "disabled": "warning"},
        description="state",
        value=lambda action: "enabled" if action.enabled else "disabled",
    )

    def sections(self, request: HttpRequest, row: CustomAction) -> Sequence[Section]:
        """Show what goes in and out, and what the action promises."""
        return [
            json_section("Annotations", row.annotations),
            json_section("Tags", row.tags),
            json_section("Headers", row.headers),
            json_section("Input schema", row.input_schema),
            json_section("Output schema", row.output_schema),
        ]

    @related("project", order_by="project__handle")
    def place(self, action: CustomAction) -> str:
        """Link to the project."""
        return link("identity", "project", action.project_id, action.project)

    @related("created by")
    def creator(self, action: CustomAction) -> str:
        """Link to who made it."""
        return link("identity", "principal", action.created_by)


@admin.register(Invocation)
class InvocationAdmin(QuickListAdmin):
    """Calls of actions: by whom, how often, and how they ended."""

    list_display = [
        *("id", "action", "state", "origin", "run", "http_status", "retries"),
        "trouble",
    ]
    list_filter = [
        choice_filter("status", lambda: InvocationStatus.choices),
        choice_filter("origin", lambda: InvocationOrigin.choices),
        age_filter(IdKind.INVOCATION),
        word_filter("action"),
    ]
    list_defer = ["parameters", "output"]
    search_ids = {
        IdKind.INVOCATION: "id",
        IdKind.RUN: "run_id",
        IdKind.JOB: "job_id",
    }
    search_help_text = "Invocation id, run id or job id"
    fields = [
        ("id", "state"),
        ("action", "own"),
        ("kind", "origin"),
        ("run", "step_name"),
        ("job", "attempts"),
        ("actor", "actor_type"),
        ("retries", "http_status"),
        ("secret_version", "timeout_seconds"),
        ("created_at", "started_at"),
        ("finished_at", "took"),
        ("error_type", "error_message"),
        ("place",),
    ]
    readonly_fields = ["state", "own", "run", "job", "actor", "took", "place"]

    state = badge("status", STATES, description="status")

    def sections(self, request: HttpRequest, row: Invocation) -> Sequence[Section]:
        """Show what went in, and what came out of a direct call."""
        return [
            json_section("Parameters", row.parameters),
            json_section("Output", row.output),
        ]

    @related("own action")
    def own(self, call: Invocation) -> str:
        """Link to the project's own action."""
        return link("actions", "customaction", call.action_id)

    @related("run")
    def run(self, call: Invocation) -> str:
        """Link to the run."""
        return link("runs", "run", call.run_id)

    @related("job")
    def job(self, call: Invocation) -> str:
        """Link to the latest attempt."""
        return link("jobs", "job", call.job_id)

    @related("called by")
    def actor(self, call: Invocation) -> str:
        """Link to who called, or started the run."""
        if call.actor_id.startswith(f"{IdKind.TRIGGER.value}_"):
            return link("triggers", "trigger", call.actor_id)
        return link("identity", "principal", call.actor_id)

    @related("took")
    def took(self, call: Invocation) -> str:
        """Show how long it took."""
        return duration(call.started_at, call.finished_at)

    @related("project")
    def place(self, call: Invocation) -> str:
        """Link to the project."""
        return link("identity", "project", call.project_id)

    @related("trouble")
    def trouble(self, call: Invocation) -> str:
        """Show why it failed."""
        return f"{call.error_type} {call.error_message}"[:200]
