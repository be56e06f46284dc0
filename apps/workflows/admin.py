"""Admin pages of definitions."""

import json

from django.contrib import admin
from django.utils.html import format_html

from apps.kernel.admin import ReadOnlyAdmin, link, link_list, related
from apps.workflows.models import Spec, Workflow, WorkflowVersion


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
    readonly_fields = ["versions", "runs"]

    @admin.display(description="tool", boolean=True, ordering="published_as_tool")
    def tool(self, workflow: Workflow) -> bool:
        """Say whether agents can call it."""
        return workflow.published_as_tool

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
    fields = ["id", "workflow_name", "version", "body", "created_by", "created_at"]
    readonly_fields = ["workflow_name", "body"]

    @related("workflow", order_by="workflow__name")
    def workflow_name(self, version: WorkflowVersion) -> str:
        """Link to the workflow."""
        name = version.workflow.name
        return link("workflows", "workflow", version.workflow_id, name)

    @admin.display(description="spec")
    def body(self, version: WorkflowVersion) -> str:
        """Show the spec as JSON."""
        return _as_json(version.spec)


@admin.register(Spec)
class SpecAdmin(ReadOnlyAdmin):
    """Every spec that was ever accepted, by its digest."""

    list_display = ["digest", "created_at"]
    search_fields = ["digest"]
    ordering = ["-created_at"]
    fields = ["digest", "shown", "created_at"]
    readonly_fields = ["shown"]

    @admin.display(description="spec")
    def shown(self, spec: Spec) -> str:
        """Show the spec as JSON."""
        return _as_json(spec)


def _as_json(spec: Spec) -> str:
    text = json.dumps(spec.body, indent=2, ensure_ascii=False)
    return format_html('<pre class="overflow-x-auto text-xs">{}</pre>', text)
