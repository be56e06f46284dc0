"""Admin pages of runs: where a run stands, why, and the buttons that steer it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.engine.decisions import WaitKind
from apps.engine.state import FINISHED, RunStatus
from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    badge,
    button,
    link,
    related,
)
from apps.kernel.admin_lists import age_filter, choice_filter, word_filter
from apps.kernel.admin_sections import Section, duration, json_section
from apps.kernel.ids import IdKind
from apps.run_events.admin import RUN_COLOURS
from apps.runs.admin_page import run_sections
from apps.runs.models import Run, RunSignal, Wait
from apps.runs.services.cancel import cancel_run
from apps.runs.services.resume import resume_run
from apps.runs.services.retry import retry_run
from apps.workflows.models import Workflow

WORKFLOWS_OFFERED_MAX = 100


def newest_workflows() -> list[tuple[str, str]]:
    """Return the workflows that were changed last, as choices of a filter."""
    newest = Workflow.objects.order_by("-updated_at")[:WORKFLOWS_OFFERED_MAX]
    return [(one.id, one.name) for one in newest]


@admin.register(Run)
class RunAdmin(QuickListAdmin):
    """Runs with all that belongs to them, and the buttons of the API."""

    list_display = [
        *("id", "definition", "state_badge", "queue", "attempt"),
        *("created_at", "took"),
    ]
    list_filter = [
        choice_filter("status", lambda: [(s.value, s.value) for s in RunStatus]),
        age_filter(IdKind.RUN),
        choice_filter("workflow_id", newest_workflows, title="workflow"),
        word_filter("queue"),
    ]
    list_defer = ["state", "result", "inputs", "metadata", "error_message"]
    search_ids = {
        IdKind.RUN: "id",
        IdKind.WORKFLOW: "workflow_id",
    }
    search_names = ["external_id"]
    search_help_text = "Run id, workflow id or external id"
    actions_detail = ["cancel", "retry", "resume"]
    fields = [
        ("id", "state_badge"),
        ("definition", "attempt"),
        ("created_at", "started_at"),
        ("completed_at", "took"),
        ("queue", "external_id"),
        ("place", "initiated_by"),
        ("parent",),
        ("error_type", "error_message"),
    ]
    readonly_fields = ["state_badge", "definition", "took", "place", "parent"]

    state_badge = badge("status", RUN_COLOURS, description="status")

    def offers(self, name: str, row: Run) -> bool:
        """Offer what the status allows."""
        return {
            "cancel": RunStatus(row.status) not in FINISHED,
            "retry": row.status == RunStatus.FAILED,
            "resume": RunStatus(row.status) not in FINISHED
            and Wait.objects.filter(
                run_id=row.id, kind="pause", closed_at=None
            ).exists(),
        }[name]

    def sections(self, request: HttpRequest, row: Run) -> Sequence[Section]:
        """Show jobs, timeline, waits, events and values."""
        return run_sections(request, row)

    @related("definition")
    def definition(self, run: Run) -> str:
        """Link to the workflow; inline specs have none."""
        if not run.workflow_id:
            return f"{run.workflow_name} (inline)"
        text = f"{run.workflow_name} v{run.workflow_version}"
        return link("workflows", "workflow", run.workflow_id, text)

    @related("project")
    def place(self, run: Run) -> str:
        """Link to the project."""
        return link("identity", "project", run.project_id)

    @related("parent run")
    def parent(self, run: Run) -> str:
        """Link to the run that started it."""
        return link("runs", "run", run.parent_run_id)

    @related("took")
    def took(self, run: Run) -> str:
        """Show how long it ran, to its end or until now."""
        if run.status in FINISHED:
            return duration(run.created_at, run.completed_at)
        return f"{duration(run.created_at, clock.now())} so far"

    @button("Cancel run", question="End this run now?", icon="cancel", danger=True)
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
    ]
    search_ids = {IdKind.WAIT: "id", IdKind.RUN: "run_id"}
    search_help_text = "Wait id or run id"
    fields = [
        ("id", "run"),
        ("kind", "subject"),
        ("step_name", "path"),
        ("created_at", "due_at"),
        ("closed_at", "outcome"),
    ]
    readonly_fields = ["run"]

    standing = badge(
        "outcome",
        {"open": "info"},
        description="state",
        value=lambda wait: wait.outcome or "open",
    )

    @related("run")
    def run(self, wait: Wait) -> str:
        """Link to the run."""
        return link("runs", "run", wait.run_id)


@admin.register(RunSignal)
class RunSignalAdmin(QuickListAdmin):
    """Signals sent to runs."""

    list_display = ["id", "name", "run", "created_at", "delivered_at"]
    list_filter = [age_filter(IdKind.SIGNAL)]
    list_defer = ["payload"]
    search_ids = {IdKind.SIGNAL: "id", IdKind.RUN: "run_id"}
    search_help_text = "Signal id or run id"
    ordering = ["-number"]
    fields = [("id", "run"), ("name",), ("created_at", "delivered_at")]
    readonly_fields = ["run"]

    def sections(self, request: HttpRequest, row: RunSignal) -> Sequence[Section]:
        """Show what it carries."""
        return [json_section("Payload", row.payload)]

    @related("run")
    def run(self, signal: RunSignal) -> str:
        """Link to the run."""
        return link("runs", "run", signal.run_id)
