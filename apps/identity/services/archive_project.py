"""Archive a project."""

from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.models import Project


@transaction.atomic
def archive_project(project_id: str, *, by: Actor, now: datetime) -> Project:
    """Let nothing begin in a project any more, from the commit on: no run starts, no
    trigger fires, nothing is edited. Runs under way go on to their end, and all can
    be read. Archiving twice keeps the first instant.
    """
    project = take_turn(project_id)
    if project.archived_at is None:
        project.archived_at = now
        project.updated_at = now
        project.save(update_fields=["archived_at", "updated_at"])
    return project
