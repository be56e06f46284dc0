"""Change a definition; a changed spec makes a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.kernel.errors import Conflict
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.selectors import find_workflow, latest_spec
from apps.workflows.specs import admit_spec
from apps.workflows.uniqueness import name_conflict

_PLAIN_FIELDS = ("name", "description", "published_as_tool", "tags")


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves it. ``expected_version`` is what was read."""

    name: str | None = None
    description: str | None = None
    published_as_tool: bool | None = None
    tags: Mapping[str, str] | None = None
    spec: Mapping[str, Any] | None = None
    expected_version: int | None = None


@transaction.atomic
def update_workflow(
    project_id: str,
    id_or_handle: str,
    changes: Changes,
    *,
    changed_by: str,
    now: datetime,
) -> Workflow:
    """Apply ``changes``, all or none. Runs keep the version they started with.

    A spec equal to the latest makes no version, and changes that change nothing
    leave ``updated_at`` alone. Updates of one workflow queue up on its row.

    Raises:
        NotFound: the project has no such workflow.
        Invalid: the spec cannot run; every problem with its path.
        Conflict: ``expected_version`` is not the latest, or the name is taken.
    """
    # The spec is checked and stored before the lock: that may take a while.
    digest = None if changes.spec is None else admit_spec(changes.spec, now=now)[0]
    workflow = find_workflow(project_id, id_or_handle, for_update=True)
    _check_version(workflow, changes.expected_version)
    changed = _apply(workflow, changes)
    if digest is not None and digest != latest_spec(workflow):
        workflow.latest_version += 1
        changed = True
        WorkflowVersion.objects.create(
            workflow=workflow,
            version=workflow.latest_version,
            spec_id=digest,
            created_by=changed_by,
            created_at=now,
        )
    if changed:
        workflow.updated_at = now
        _save(workflow)
    return workflow


def _check_version(workflow: Workflow, expected: int | None) -> None:
    if expected is not None and expected != workflow.latest_version:
        raise Conflict(
            f"expected_version: {expected} is not the latest version,"
            f" {workflow.latest_version} is",
            path="expected_version",
            latest_version=workflow.latest_version,
        )


def _apply(workflow: Workflow, changes: Changes) -> bool:
    changed = False
    for field in _PLAIN_FIELDS:
        value = getattr(changes, field)
        if value is not None and value != getattr(workflow, field):
            setattr(workflow, field, value)
            changed = True
    return changed


def _save(workflow: Workflow) -> None:
    try:
        with transaction.atomic():
            workflow.save()
    except IntegrityError as error:
        raise name_conflict(error, workflow.name) from None
