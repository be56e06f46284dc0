"""Restore a project."""

from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.models import Project


@transaction.atomic
def restore_project(project_id: str, *, by: Actor, now: datetime) -> Project:
    """Take a project out of the archive. What its triggers would have done meanwhile
    is not caught up on. One that is not archived stays as it is.
    """
    project = take_turn(project_id)
    if project.archived_at is not None:
        project.archived_at = None
        project.restored_at = now
        project.updated_at = now
        project.save(update_fields=["archived_at", "restored_at", "updated_at"])
    return project
