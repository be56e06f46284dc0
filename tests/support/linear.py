"""Automations and loops without their endpoints: a definition with one version."""

from typing import Any

from apps.identity.models import Project
from apps.kernel import clock
from apps.workflows.models import Dialect, Workflow, WorkflowVersion
from apps.workflows.specs import admit_linear


def make_definition(
    project: Project,
    *steps: dict[str, Any],
    dialect: Dialect = Dialect.LOOP,
    handle: str = "nightly",
    defaults: dict[str, Any] | None = None,
    **fields: Any,
) -> Workflow:
    """A published definition of these steps; ``fields`` are others of its spec."""
    now = clock.now()
    digest, _ = admit_linear({"steps": list(steps), **fields}, prefix="", now=now)
    workflow = Workflow.objects.create(
        project=project,
        organization_id=project.organization_id,
        name=handle,
        handle=handle,
        dialect=dialect,
        defaults=defaults or {},
        published_version=1,
        created_at=now,
        updated_at=now,
    )
    WorkflowVersion.objects.create(
        workflow=workflow, version=1, spec_id=digest, created_at=now
    )
    return workflow


def action(key: str, name: str = "doc.parse", **more: Any) -> dict[str, Any]:
    """A step that calls an action; ``parameters`` go to its config."""
    config = {"action_name": name, "parameters": more.pop("parameters", {})}
    return {"id": key, "kind": "action", "config": config, **more}


def step(kind: str, key: str, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A step of any kind."""
    return {"id": key, "kind": kind, "config": config, **more}
