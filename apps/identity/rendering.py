"""Wire shapes of access."""

from typing import Any

from apps.api.rendering import instant, present
from apps.identity.models import ApiKey, Principal, Project, Role, RoleAssignment


def render_project(project: Project) -> dict[str, Any]:
    """Return a project as every endpoint shows it."""
    return present(
        id=project.id,
        name=project.name,
        handle=project.handle,
        description=project.description or None,
        created_at=instant(project.created_at),
        updated_at=instant(project.updated_at),
    )


def render_key(key: ApiKey) -> dict[str, Any]:
    """Return an API key without its secret."""
    return present(
        id=key.id,
        name=key.name,
        key_prefix=key.prefix,
        project_id=key.principal.project_id,
        principal_id=key.principal_id,
        expires_at=instant(key.expires_at),
        revoked_at=instant(key.revoked_at),
        last_used_at=instant(key.last_used_at),
        created_at=instant(key.created_at),
        updated_at=instant(key.updated_at),
    )


def render_principal(principal: Principal) -> dict[str, Any]:
    """Return a principal with the roles it holds."""
    roles = [assignment.role for assignment in principal.assignments.all()]
    return present(
        id=principal.id,
        project_id=principal.project_id,
        kind=principal.kind,
        state="disabled" if principal.disabled else "active",
        name=principal.name,
        email=principal.email or None,
        role_ids=[role.id for role in roles],
        role_names=[role.name for role in roles],
        created_at=instant(principal.created_at),
        updated_at=instant(principal.updated_at),
    )


def render_role(role: Role) -> dict[str, Any]:
    """Return a role; one without ``project_id`` is built in."""
    return present(
        id=role.id,
        project_id=role.project_id,
        name=role.name,
        description=role.description,
        permissions=role.permissions,
        system_defined=role.system_defined,
        created_at=instant(role.created_at),
        updated_at=instant(role.updated_at),
    )


def render_assignment(assignment: RoleAssignment) -> dict[str, Any]:
    """Return who holds which role."""
    return present(
        id=assignment.id,
        project_id=assignment.principal.project_id,
        principal_id=assignment.principal_id,
        role_id=assignment.role_id,
        role_name=assignment.role.name,
        created_at=instant(assignment.created_at),
    )
