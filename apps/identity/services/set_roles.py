"""Make the roles of a principal what is asked for."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.models import Principal, Role
from apps.identity.services.assign_role import assign_role


@transaction.atomic
def set_roles(
    principal: Principal, roles: Sequence[Role], *, by: Actor, now: datetime
) -> None:
    """Give the roles that are missing and take those that are not wanted.

    What the principal holds already stays, whoever gave it.

    Raises:
        PermissionDenied: a role that is new allows more than the actor holds.
        Conflict: nobody would be left who can manage access.
    """
    wanted = {role.pk: role for role in roles}
    with access_kept(principal.project_id):
        held = set(principal.assignments.values_list("role_id", flat=True))
        principal.assignments.exclude(role_id__in=wanted).delete()
        for role_id in wanted.keys() - held:
            assign_role(principal, wanted[role_id], by=by, now=now)
