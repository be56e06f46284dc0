"""Admin pages of runs: where a run stands, why, and the buttons that steer it."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

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
        IdKind.TRIGGER: "trigger_id",
        IdKind.SOURCE_EVENT: "source_event_id",
    }
    search_names = ["external_id"]
    search_help_text = (
        "Run id, external id; id of its workflow, trigger or source event"
    )
    actions_detail = ["cancel", "retry", "resume"]
    fields = [
        ("id", "state_badge"),
        ("definition", "attempt"),
        ("created_at", "started_at"),
        ("completed_at", "took"),
        ("queue", "external_id"),
        ("place", "initiated_by"),
        ("trigger", "source_event"),
        ("parent", "depth"),
        ("error_type", "error_message"),
    ]
    readonly_fields = [
        *("state_badge", "definition", "took", "place", "parent"),
        *("trigger", "source_event"),
    ]

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

    @related("trigger")
    def trigger(self, run: Run) -> str:
        """Link to the trigger that started it."""
        return link("triggers", "trigger", run.trigger_id)

    @related("source event")
    def source_event(self, run: Run) -> str:
        """Link to the event that set the trigger off."""
        return link("source_events", "sourceevent", run.source_event_id)

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
