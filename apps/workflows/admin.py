"""Admin pages of definitions."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.kernel.admin import QuickListAdmin, ReadOnlyAdmin, link, link_list, related
from apps.kernel.admin_sections import Section, instant, json_section
from apps.workflows.models import Spec, Workflow, WorkflowVersion

VERSIONS_MAX = 20


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    """Workflows, with links to their versions and runs."""

    list_display = [
        *("name", "handle", "latest_version", "tool", "project"),
        *("versions", "runs", "updated_at"),
    ]
    list_filter = ["project", "published_as_tool", "created_at", "updated_at"]
    list_select_related = ["project"]
    search_fields = ["id", "name", "handle", "description"]
    ordering = ["-updated_at"]
    fields = [
        ("id", "project"),
        ("name", "handle"),
        ("description",),
        ("latest_version", "tool"),
        ("created_at", "updated_at"),
        ("creator", "versions"),
        ("runs",),
    ]
    readonly_fields = ["tool", "creator", "versions", "runs"]

    def sections(self, request: HttpRequest, row: Workflow) -> Sequence[Section]:
        """Show the latest versions and what the newest runs."""
        latest = list(
            row.versions.select_related("spec").order_by("-version")[:VERSIONS_MAX]
        )
        return [
            Section(
                "Versions",
                headers=["Version", "Created", "By", "Digest"],
                rows=[
                    (
                        link(
                            "workflows",
                            "workflowversion",
                            version.id,
                            f"v{version.version}",
                        ),
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
            json_section("Tags", row.tags, closed=True),
        ]

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


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(ReadOnlyAdmin):
    """Versions with what they run."""

    list_display = ["id", "workflow_name", "version", "created_by", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["workflow", "spec"]
    search_fields = ["id", "workflow__id", "workflow__name", "workflow__handle"]
    ordering = ["-created_at", "-version"]
    fields = [("workflow_name", "version"), ("created_by", "created_at")]
    readonly_fields = ["workflow_name"]

    def sections(self, request: HttpRequest, row: WorkflowVersion) -> Sequence[Section]:
        """Show what it runs."""
        return [json_section("Spec", row.spec.body)]

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
