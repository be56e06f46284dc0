"""Workflows as the API shows them."""

from typing import Any

from apps.api.rendering import instant, present
from apps.workflows.models import Workflow, WorkflowVersion


def render_workflow(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as lists show it, without its spec."""
    return present(
        id=workflow.id,
        name=workflow.name,
        handle=workflow.handle,
        description=workflow.description or None,
        latest_version=workflow.latest_version,
        published_as_tool=workflow.published_as_tool,
        tags=workflow.tags,
        created_by=workflow.created_by,
        created_at=instant(workflow.created_at),
        updated_at=instant(workflow.updated_at),
    )


def render_workflow_detail(workflow: Workflow, spec: object) -> dict[str, Any]:
    """Return a workflow with its latest spec, as it was sent."""
    return {**render_workflow(workflow), "spec": spec}


def render_version(version: WorkflowVersion, *, include_spec: bool) -> dict[str, Any]:
    """Return a version; its spec must be at hand when it is asked for."""
    return present(
        id=version.id,
        version=version.version,
        spec=version.spec.body if include_spec else None,
        created_by=version.created_by,
        created_at=instant(version.created_at),
    )
