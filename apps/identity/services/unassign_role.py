"""Take a role from a principal."""

from apps.identity.models import RoleAssignment


def unassign_role(assignment: RoleAssignment) -> None:
    """Take the role away, from the principal's next request on. Twice is harmless."""
    RoleAssignment.objects.filter(pk=assignment.pk).delete()
