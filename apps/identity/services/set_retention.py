"""Say how long a project keeps what is over."""

from collections.abc import Mapping
from datetime import datetime

from apps.identity.models import Project


def set_retention(
    project_id: str, changes: Mapping[str, int | None], *, now: datetime
) -> Project:
    """Change some of a project's ages in days, None to the server's default.

    What is older by the new ages goes with the next rounds of pruning, for good.
    """
    if changes:
        Project.objects.filter(pk=project_id).update(**changes, updated_at=now)
    return Project.objects.get(pk=project_id)
