"""Callers with rights of our own choosing."""

from apps.identity.models import Project, Role, RoleAssignment
from apps.identity.permissions import Permission
from apps.kernel import clock
from tests.support.api import Api
from tests.support.factories import make_key, make_principal


def make_role(project: Project, *permissions: Permission, name: str) -> Role:
    """A role of the project's own."""
    now = clock.now()
    return Role.objects.create(
        project=project,
        name=name,
        permissions=[permission.value for permission in permissions],
        created_at=now,
        updated_at=now,
    )


def make_api_with(project: Project, *permissions: Permission) -> Api:
    """A client that holds exactly these permissions."""
    principal = make_principal(project)
    role = make_role(project, *permissions, name=f"only-{principal.name}")
    RoleAssignment.objects.create(
        principal=principal, role=role, created_at=clock.now()
    )
    return Api(project.handle, make_key(principal))
