"""Create a role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity.actor import Actor
from apps.identity.models import Role
from apps.identity.permissions import BUILT_IN_ROLES
from apps.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class NewRole:
    """A role to create; its permissions are ids of the catalogue."""

    name: str
    permissions: Sequence[str]
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def create_role(project_id: str, new: NewRole, *, by: Actor, now: datetime) -> Role:
    """Create a role of the project's own.

    Raises:
        PermissionDenied: it allows more than the actor holds.
        Conflict: the name is taken, here or by a built-in role.
    """
    by.check_grant(new.permissions)
    if new.name in BUILT_IN_ROLES:
        raise Conflict(f"role {new.name} is built in", name=new.name)
    try:
        with transaction.atomic():
            return Role.objects.create(
                project_id=project_id,
                name=new.name,
                description=new.description,
                permissions=sorted(set(new.permissions)),
                tags=dict(new.tags),
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        raise Conflict(f"role {new.name} exists already", name=new.name) from None
