"""Change a role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.models import Role
from apps.kernel.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """What to change; None leaves a field alone. Permissions are replaced whole."""

    description: str | None = None
    permissions: Sequence[str] | None = None
    tags: Mapping[str, str] | None = None


@transaction.atomic
def update_role(
    project_id: str, role_id: str, changes: RoleChanges, *, by: Actor, now: datetime
) -> Role:
    """Change a role of the project's own, for all who hold it, with their next
    request. Its name stays.

    Raises:
        NotFound: the project has no such role.
        PermissionDenied: it is built in, or would allow more than the actor holds.
        Conflict: nobody would be left who can manage access.
    """
    with access_kept(project_id):
        role = own_role(project_id, role_id)
        if changes.permissions is not None:
            by.check_grant(changes.permissions)
            role.permissions = sorted(set(changes.permissions))
        if changes.description is not None:
            role.description = changes.description
        if changes.tags is not None:
            role.tags = dict(changes.tags)
        role.updated_at = now
        role.save(update_fields=["permissions", "description", "tags", "updated_at"])
    return role


def own_role(project_id: str, role_id: str) -> Role:
    """Return a role that the project may change.

    Raises:
        NotFound: the project has no such role.
        PermissionDenied: it is built in.
    """
    role = selectors.find_role(project_id, role_id)
    if role.project_id is None:
        raise PermissionDenied(
            f"role {role.name} is built in and never changes", role_id=role.id
        )
    return role
