"""Change a group."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.interactions.group_selectors import find_group
from apps.interactions.models import Group, RoutingPolicy

_FIELDS = ("name", "description", "routing_policy")


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What to change; None leaves it."""

    name: str | None = None
    description: str | None = None
    routing_policy: RoutingPolicy | None = None


@transaction.atomic
def update_group(
    project_id: str, id_or_handle: str, changes: GroupChanges, *, now: datetime
) -> Group:
    """Apply ``changes``; they count for questions asked from now on.

    Changes that change nothing leave ``updated_at`` alone.

    Raises:
        NotFound: the project has no such group.
    """
    group = find_group(project_id, id_or_handle, for_update=True)
    wanted = {name: getattr(changes, name) for name in _FIELDS}
    changed = [
        name
        for name, value in wanted.items()
        if value is not None and value != getattr(group, name)
    ]
    if changed:
        for name in changed:
            setattr(group, name, wanted[name])
        group.updated_at = now
        group.save(update_fields=[*changed, "updated_at"])
    return group
