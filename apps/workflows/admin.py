"""Admin pages of definitions."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.kernel.admin import (
    QuickListAdmin,
    ReadOnlyAdmin,
    badge,
    link,
    link_list,
    related,
)
from apps.kernel.admin_sections import Section, instant, json_section, pill
from apps.workflows.models import Dialect, Spec, Workflow, WorkflowVersion

VERSIONS_MAX = 20
STATUS_COLOURS = {
    "active": "success",
    "published": "success",
    "draft": "info",
    "paused": "warning",
    "archived": "danger",
    "deleted": "danger",
}


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    """Definitions of every dialect, with links to what they have and started."""

    list_display = [
        *("name", "handle", "dialect", "standing", "latest_version", "published"),
        *("project", "versions", "runs", "triggers", "updated_at"),
    ]
    list_filter = [
        *("dialect", "status", "project", "published_as_tool"),
        *("created_at", "updated_at"),
    ]
    list_select_related = ["project"]
    search_fields = ["id", "name", "handle", "description"]
    ordering = ["-updated_at"]
    fields = [
        ("id", "project"),
        ("name", "handle"),
        ("description",),
        ("dialect", "standing"),
        ("latest_version", "published"),
        ("agent_id", "tool"),
        ("created_at", "updated_at"),
        ("creator", "archived_at"),
        ("versions", "runs"),
        ("triggers",),
    ]
    readonly_fields = [
        *("standing", "published", "tool", "creator"),
        *("versions", "runs", "triggers"),
    ]

    standing = badge("status", STATUS_COLOURS)

    def sections(self, request: HttpRequest, row: Workflow) -> Sequence[Section]:
        """Show the latest versions and what the newest runs."""
        latest = list(
            row.versions.select_related("spec").order_by("-version")[:VERSIONS_MAX]
        )
        return [
            Section(
                "Versions",
                headers=["Version", "Status", "Created", "By", "Digest"],
                rows=[
                    (
                        link(
                            "workflows",
                            "workflowversion",
                            version.id,
                            f"v{version.version}",
                        ),
                        pill(version.status, STATUS_COLOURS),
                        instant(version.created_at),
                        version.created_by,
                        link(
                            "workflows", "spec", version.spec_id, version.spec_id[:12]
                        ),
                    )
                    for version in latest
                ],
            ),
            json_section("Spec", latest[0].spec.body if latest else None),
            json_section("Inputs by default", row.defaults, closed=True),
            json_section("Settings", row.settings, closed=True),
            json_section("Tags", row.tags, closed=True),
        ]

    @related("published", order_by="published_version")
    def published(self, workflow: Workflow) -> str:
        """Say which version runs start from."""
        if workflow.dialect == Dialect.WORKFLOW:
            return "the latest"
        return f"v{workflow.published_version}" if workflow.published_version else "-"

    @related("tool", order_by="published_as_tool")
    def tool(self, workflow: Workflow) -> str:
        """Say whether agents can call it."""
        return "yes" if workflow.published_as_tool else "no"

    @related("created by")
    def creator(self, workflow: Workflow) -> str:
        """Link to who made it."""
        return link("identity", "principal", workflow.created_by)

    @related("versions")
    def versions(self, workflow: Workflow) -> str:
        """Link to every version."""
        return link_list(
            "workflows", "workflowversion", "versions", workflow__id__exact=workflow.id
        )

    @related("runs")
    def runs(self, workflow: Workflow) -> str:
        """Link to the runs of every version."""
        return link_list("runs", "run", "runs", workflow_id=workflow.id)

    @related("triggers")
    def triggers(self, workflow: Workflow) -> str:
        """Link to the triggers that its block asks for."""
        if workflow.dialect == Dialect.WORKFLOW:
            return "-"
        return link_list("triggers", "trigger", "triggers", workflow_id=workflow.id)


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(ReadOnlyAdmin):
    """Versions with what they run."""

    list_display = [
        *("id", "workflow_name", "version", "standing"),
        *("created_by", "created_at"),
    ]
    list_filter = ["status", "workflow__dialect", "created_at"]
    list_select_related = ["workflow", "spec"]
    search_fields = ["id", "workflow__id", "workflow__name", "workflow__handle"]
    ordering = ["-created_at", "-version"]
    fields = [
        ("workflow_name", "version"),
        ("standing", "published_at"),
        ("created_by", "created_at"),
    ]
    readonly_fields = ["workflow_name", "standing"]

    standing = badge("status", STATUS_COLOURS)

    def sections(self, request: HttpRequest, row: WorkflowVersion) -> Sequence[Section]:
        """Show what it runs."""
        plan = json_section("Compiled plan", row.compiled_plan, closed=True)
        return [json_section("Spec", row.spec.body), plan]

    @related("workflow", order_by="workflow__name")
    def workflow_name(self, version: WorkflowVersion) -> str:
        """Link to the workflow."""
        name = version.workflow.name
        return link("workflows", "workflow", version.workflow_id, name)


@admin.register(Spec)
class SpecAdmin(QuickListAdmin):
    """Every spec that was ever accepted, by its digest."""

    list_display = ["digest", "created_at"]
    list_defer = ["body"]
    search_names = ["digest"]
    search_help_text = "The whole digest"
    ordering = ["-created_at"]
    fields = [("digest", "created_at")]

    def sections(self, request: HttpRequest, row: Spec) -> Sequence[Section]:
        """Show what it says."""
        return [json_section("Spec", row.body)]
