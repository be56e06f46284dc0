"""Reading access. Every query of a project starts from its id."""

from collections.abc import Sequence

from django.db.models import Prefetch, Q, QuerySet

from apps.api.body import invalid_field
from apps.identity.models import (
    Organization,
    Principal,
    PrincipalKind,
    Project,
    Role,
    RoleAssignment,
)
from apps.kernel.errors import NotFound


def permissions_of(principal_id: str) -> frozenset[str]:
    """Return everything a principal's roles allow."""
    lists = Role.objects.filter(assignments__principal_id=principal_id)
    return frozenset(
        name for held in lists.values_list("permissions", flat=True) for name in held
    )


def list_principals(project_id: str) -> QuerySet[Principal]:
    """Return the principals of a project, each with its roles at hand."""
    assigned = RoleAssignment.objects.select_related("role").order_by("id")
    return Principal.objects.filter(project_id=project_id).prefetch_related(
        Prefetch("assignments", assigned)
    )


def find_principal(
    project_id: str, principal_id: str = "", *, name: str = ""
) -> Principal:
    """Return one principal: by its id also one that is deleted, else by its name.

    Raises:
        NotFound: the project has no such principal.
    """
    by_name = Q(name=name, deleted_at=None)
    wanted = Q(pk=principal_id) if principal_id else by_name
    principal = list_principals(project_id).filter(wanted).first()
    if principal is None:
        raise NotFound(f"principal {principal_id or name} not found")
    return principal


def list_accounts(project_id: str) -> QuerySet[Principal]:
    """Return the machine principals of a project that are not deleted."""
    return list_principals(project_id).filter(
        kind__in=(PrincipalKind.SERVICE, PrincipalKind.AGENT), deleted_at=None
    )


def find_account(project_id: str, account_id: str) -> Principal:
    """Return one machine principal.

    Raises:
        NotFound: the project has no such service account.
    """
    account = list_accounts(project_id).filter(pk=account_id).first()
    if account is None:
        raise NotFound(f"service account {account_id} not found")
    return account


def check_owner(project_id: str, owner_id: str) -> None:
    """Let a principal answer for another, or not; "" is nobody.

    Raises:
        Invalid: the project has no such principal.
    """
    rows = Principal.objects.filter(project_id=project_id, pk=owner_id)
    if owner_id and not rows.filter(deleted_at=None).exists():
        raise invalid_field("owner_id", "expected a principal of this project")


def list_roles(project_id: str) -> QuerySet[Role]:
    """Return the roles a project can assign: the built-in ones and its own."""
    return Role.objects.filter(Q(project=None) | Q(project_id=project_id))


def find_role(project_id: str, role_id: str = "", *, name: str = "") -> Role:
    """Return one role, by id or by name; a project's own role wins over a built-in.

    Raises:
        NotFound: the project cannot assign such a role.
    """
    wanted = Q(pk=role_id) if role_id else Q(name=name)
    role = list_roles(project_id).filter(wanted).order_by("project_id").first()
    if role is None:
        raise NotFound(f"role {role_id or name} not found")
    return role


def find_roles(
    project_id: str, role_ids: Sequence[str], role_names: Sequence[str]
) -> list[Role]:
    """Return roles named by their ids and by their names, each once.

    Raises:
        NotFound: the project cannot assign one of them.
    """
    found = [find_role(project_id, role_id) for role_id in role_ids]
    found += [find_role(project_id, name=name) for name in role_names]
    return list({role.pk: role for role in found}.values())


def list_assignments(project_id: str) -> QuerySet[RoleAssignment]:
    """Return who holds which role in a project."""
    return RoleAssignment.objects.filter(
        principal__project_id=project_id
    ).select_related("role", "principal")


def find_assignment(project_id: str, assignment_id: str) -> RoleAssignment:
    """Return one role assignment.

    Raises:
        NotFound: the project has no such assignment.
    """
    assignment = list_assignments(project_id).filter(pk=assignment_id).first()
    if assignment is None:
        raise NotFound(f"role assignment {assignment_id} not found")
    return assignment


def find_organization(handle_or_id: str) -> Organization:
    """Return an organization, for the operator of the server.

    Raises:
        NotFound: there is no such organization.
    """
    organization = Organization.objects.filter(
        Q(handle=handle_or_id) | Q(pk=handle_or_id)
    ).first()
    if organization is None:
        raise NotFound(f"organization {handle_or_id} not found")
    return organization


def find_project(handle_or_id: str) -> Project:
    """Return a project, for the operator of the server.

    Raises:
        NotFound: there is no such project.
    """
    project = Project.objects.filter(
        Q(handle=handle_or_id) | Q(pk=handle_or_id)
    ).first()
    if project is None:
        raise NotFound(f"project {handle_or_id} not found")
    return project
