"""Bring definitions in step with files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from apps.identity.models import Project
from apps.kernel.errors import Conflict
from apps.workflows.models import Workflow
from apps.workflows.selectors import list_workflows
from apps.workflows.services.create import NewWorkflow, create_workflow
from apps.workflows.services.update import Changes, update_workflow
from apps.workflows.specs import admit_spec, digest_of


class Outcome(StrEnum):
    """What became of a definition."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Applied:
    """A definition and what was done."""

    workflow: Workflow
    outcome: Outcome


@transaction.atomic
def apply_workflows(
    project: Project, wanted: Sequence[NewWorkflow], *, applied_by: str, now: datetime
) -> list[Applied]:
    """Create or update every definition, all or none; return them by name.

    One with a handle is found by it, others by their name. Empty fields of a file
    leave what is stored. Specs and then rows are taken in a fixed order, so two
    calls at the same moment queue up and never wait in a circle.

    Raises:
        Invalid: a spec cannot run.
        Conflict: a name or handle is taken, or given twice.
    """
    for spec in sorted((new.spec for new in wanted), key=digest_of):
        admit_spec(spec, now=now)
    applied: dict[str, Applied] = {}
    for new in sorted(wanted, key=lambda new: new.name):
        done = _apply(project, new, applied_by, now)
        if done.workflow.id in applied:
            raise Conflict(f"two definitions are for the workflow {new.name}")
        applied[done.workflow.id] = done
    return list(applied.values())


def _apply(
    project: Project, new: NewWorkflow, applied_by: str, now: datetime
) -> Applied:
    by = {"handle": new.handle} if new.handle else {"name": new.name}
    present = list_workflows(project.id).filter(**by).first()
    if present is None:
        created = create_workflow(
            project.id, project.organization_id, new, created_by=applied_by, now=now
        )
        return Applied(created, Outcome.CREATED)
    changes = Changes(
        name=new.name,
        description=new.description or None,
        published_as_tool=new.published_as_tool or None,
        tags=new.tags or None,
        spec=new.spec,
    )
    changed = update_workflow(
        project.id, present.id, changes, changed_by=applied_by, now=now
    )
    touched = changed.updated_at != present.updated_at
    return Applied(changed, Outcome.UPDATED if touched else Outcome.UNCHANGED)
