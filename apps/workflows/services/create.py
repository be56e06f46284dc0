"""Create a definition with its first version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.services.insert import insert_definition
from apps.workflows.specs import admit_spec


@dataclass(frozen=True, slots=True)
class NewWorkflow:
    """A definition as it was sent. Without a ``handle`` one is derived."""

    name: str
    spec: Mapping[str, Any]
    handle: str = ""
    description: str = ""
    published_as_tool: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def create_workflow(
    project_id: str,
    organization_id: str,
    new: NewWorkflow,
    *,
    created_by: str,
    now: datetime,
) -> Workflow:
    """Create a workflow and its version 1.

    Raises:
        Invalid: the spec cannot run (every problem with its path), or the handle is
            malformed.
        Conflict: the project has a workflow of this name, or the organization one
            of this explicit handle.
    """
    digest, _ = admit_spec(new.spec, now=now)
    workflow = insert_definition(
        Workflow(
            project_id=project_id,
            organization_id=organization_id,
            name=new.name,
            handle=new.handle,
            description=new.description,
            published_as_tool=new.published_as_tool,
            tags=dict(new.tags),
            created_by=created_by,
            created_at=now,
            updated_at=now,
        )
    )
    WorkflowVersion.objects.create(
        workflow=workflow,
        version=1,
        spec_id=digest,
        created_by=created_by,
        created_at=now,
    )
    return workflow
