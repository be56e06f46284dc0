"""Take a role from a principal."""

from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.models import RoleAssignment


@transaction.atomic
def unassign_role(assignment: RoleAssignment, *, by: Actor, now: datetime) -> None:
    """Take the role away, from the principal's next request on. Twice is harmless.

    Raises:
        Conflict: nobody would be left who can manage access.
    """
    with access_kept(assignment.principal.project_id):
        RoleAssignment.objects.filter(pk=assignment.pk).delete()
