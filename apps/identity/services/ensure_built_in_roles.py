"""Bring the built-in roles in step with the catalogue."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.identity.models import Role
from apps.identity.permissions import BUILT_IN_ROLES


@transaction.atomic
def ensure_built_in_roles(*, now: datetime) -> Mapping[str, Role]:
    """Return the built-in roles by name, as the catalogue has them.

    Creates what is missing and corrects what differs, so a new version's
    permissions reach everybody who holds the role. Roles that are right stay
    untouched. The roles are locked until the caller's transaction ends, so of two
    calls at the same moment one waits for the other.
    """
    Role.objects.bulk_create(
        [
            Role(
                name=name,
                description=description,
                permissions=sorted(permissions),
                system_defined=True,
                created_at=now,
                updated_at=now,
            )
            for name, (description, permissions) in BUILT_IN_ROLES.items()
        ],
        ignore_conflicts=True,
    )
    roles = Role.objects.select_for_update(no_key=True).filter(
        project=None, name__in=BUILT_IN_ROLES
    )
    found = {role.name: role for role in roles.order_by("id")}
    for name, (description, permissions) in BUILT_IN_ROLES.items():
        role = found[name]
        right = (description, sorted(permissions), True)
        if (role.description, role.permissions, role.system_defined) != right:
            role.description, role.permissions, role.system_defined = right
            role.updated_at = now
            role.save()
    return found
