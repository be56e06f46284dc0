"""Create a definition with its first version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.identity.handles import check_handle
from apps.kernel.errors import Conflict
from apps.workflows.handles import free_handle
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.specs import admit_spec
from apps.workflows.uniqueness import HANDLE_TAKEN, name_conflict, violated

#: How often a derived handle may be snatched away before we say so.
_HANDLES_TRIED_MAX = 20


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
    workflow = _insert(project_id, organization_id, new, created_by, now)
    WorkflowVersion.objects.create(
        workflow=workflow,
        version=1,
        spec_id=digest,
        created_by=created_by,
        created_at=now,
    )
    return workflow


def _insert(
    project_id: str,
    organization_id: str,
    new: NewWorkflow,
    created_by: str,
    now: datetime,
) -> Workflow:
    handle = check_handle(new.handle) if new.handle else ""
    for _ in range(_HANDLES_TRIED_MAX):
        try:
            with transaction.atomic():
                return Workflow.objects.create(
                    project_id=project_id,
                    organization_id=organization_id,
                    name=new.name,
                    handle=handle or free_handle(organization_id, new.name),
                    description=new.description,
                    published_as_tool=new.published_as_tool,
                    tags=dict(new.tags),
                    created_by=created_by,
                    created_at=now,
                    updated_at=now,
                )
        except IntegrityError as error:
            if violated(error) not in HANDLE_TAKEN:
                raise name_conflict(error, new.name) from None
            if handle:
                break
    raise Conflict(
        f"handle: {handle or new.name} is taken in this organization",
        path="handle",
        handle=handle,
    )
