"""Reading members: the people of a project. Every query starts from its id."""

from django.db.models import QuerySet

from apps.identity.models import Principal, PrincipalKind
from apps.identity.permissions import Permission
from apps.identity.selectors import list_principals
from apps.kernel.errors import NotFound


def list_members(project_id: str) -> QuerySet[Principal]:
    """Return the members of a project, each with its roles and account at hand."""
    return (
        list_principals(project_id)
        .filter(kind=PrincipalKind.HUMAN, disabled=False)
        .select_related("user")
    )


def find_member(project_id: str, user_id: str) -> Principal:
    """Return one member.

    Raises:
        NotFound: the project has no such member.
    """
    member = list_members(project_id).filter(pk=user_id).first()
    if member is None:
        raise NotFound(f"member {user_id} not found")
    return member


def access_managers(project_id: str) -> QuerySet[Principal]:
    """Return the people and services that can manage access to a project."""
    return Principal.objects.filter(
        project_id=project_id,
        kind__in=(PrincipalKind.HUMAN, PrincipalKind.SERVICE),
        disabled=False,
        assignments__role__permissions__contains=[Permission.ACCESS_MANAGE.value],
    ).distinct()
