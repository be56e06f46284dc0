"""Give a role to a principal."""

from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.models import Principal, Role, RoleAssignment
from apps.kernel.errors import Conflict, NotFound


@transaction.atomic
def assign_role(
    principal: Principal, role: Role, *, by: Actor, now: datetime
) -> RoleAssignment:
    """Let ``principal`` do what ``role`` allows, from its next request on.

    Raises:
        NotFound: the role belongs to another project, or was deleted meanwhile.
        PermissionDenied: the role allows more than the actor holds.
        Conflict: the principal holds the role already, or is deleted.
    """
    take_turn(principal.project_id)
    current = Role.objects.filter(pk=role.pk).first()
    if current is None or current.project_id not in (None, principal.project_id):
        raise NotFound(f"role {role.id} not found")
    by.check_grant(current.permissions)
    principal.refresh_from_db(fields=["deleted_at"])
    if principal.deleted_at is not None:
        raise Conflict(
            f"principal {principal.id} is deleted", principal_id=principal.id
        )
    given, is_new = RoleAssignment.objects.get_or_create(
        principal=principal,
        role=current,
        defaults={"created_at": now, "granted_by": by.signature},
    )
    if not is_new:
        raise Conflict(
            f"{principal.name} holds the role {role.name} already",
            principal_id=principal.id,
            role_id=role.id,
        )
    return given
