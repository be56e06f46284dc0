"""Give a role to a principal."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity.grants import Within, check_grant
from apps.identity.models import Principal, Role, RoleAssignment
from apps.kernel.errors import Conflict, NotFound


def assign_role(
    principal: Principal, role: Role, *, within: Within = None, now: datetime
) -> RoleAssignment:
    """Let ``principal`` do what ``role`` allows, from its next request on.

    Raises:
        NotFound: the role belongs to another project.
        PermissionDenied: the role allows more than ``within``.
        Conflict: the principal holds the role already.
    """
    if role.project_id not in (None, principal.project_id):
        raise NotFound(f"role {role.id} not found")
    check_grant(role.permissions, within)
    try:
        with transaction.atomic():
            return RoleAssignment.objects.create(
                principal=principal, role=role, created_at=now
            )
    except IntegrityError:
        raise Conflict(
            f"{principal.name} holds the role {role.name} already",
            principal_id=principal.id,
            role_id=role.id,
        ) from None
