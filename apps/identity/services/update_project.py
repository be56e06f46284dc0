"""Change a project."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.archive import project_archived
from apps.identity.keeping import take_turn
from apps.identity.models import Project


@dataclass(frozen=True, slots=True)
class ProjectChanges:
    """What to change; None leaves a field alone."""

    name: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None


@transaction.atomic
def update_project(
    project_id: str, changes: ProjectChanges, *, by: Actor, now: datetime
) -> Project:
    """Change how a project is called and described; its handle stays.

    Raises:
        Conflict: it is archived.
    """
    project = take_turn(project_id)
    if project.archived_at is not None:
        raise project_archived(project.handle)
    if changes.name is not None:
        project.name = changes.name
    if changes.description is not None:
        project.description = changes.description
    if changes.tags is not None:
        project.tags = dict(changes.tags)
    project.updated_at = now
    project.save(update_fields=["name", "description", "tags", "updated_at"])
    return project
