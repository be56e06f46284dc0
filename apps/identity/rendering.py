"""Wire shapes of access."""

from datetime import datetime
from typing import Any

from apps.api.rendering import instant, present
from apps.identity.models import (
    ApiKey,
    Principal,
    PrincipalKind,
    Project,
    Role,
    RoleAssignment,
)


def render_project(project: Project) -> dict[str, Any]:
    """Return a project as every endpoint shows it."""
    return present(
        id=project.id,
        name=project.name,
        handle=project.handle,
        description=project.description or None,
        access_mode="restricted",
        archived_at=instant(project.archived_at),
        tags=project.tags,
        created_by=project.created_by or None,
        created_at=instant(project.created_at),
        updated_at=instant(project.updated_at),
    )


def render_key(key: ApiKey, *, now: datetime) -> dict[str, Any]:
    """Return an API key without its secret; ``service_account_id`` is the principal
    once more, as older clients call it. One of an organization has ``org_role`` and no
    ``project_id``."""
    role = None
    if key.scope_role is not None and key.principal.organization_id is not None:
        role = key.scope_role.name
    return present(
        id=key.id,
        name=key.name,
        key_prefix=key.prefix,
        project_id=key.principal.project_id,
        principal_id=key.principal_id,
        service_account_id=key.principal_id,
        scope_role_id=None if role else key.scope_role_id,
        org_role=role,
        state=key.state(now),
        replaced_by=key.replaced_by or None,
        tags=key.tags,
        created_by=key.created_by or None,
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
        state=principal.state,
        name=principal.name,
        email=principal.email or None,
        description=principal.description or None,
        owner_id=principal.owner_id or None,
        metadata=principal.metadata,
        tags=principal.tags,
        role_ids=[role.id for role in roles],
        role_names=[role.name for role in roles],
        created_at=instant(principal.created_at),
        updated_at=instant(principal.updated_at),
    )


def render_account(principal: Principal) -> dict[str, Any]:
    """Return a machine principal as a service account."""
    is_agent = principal.kind == PrincipalKind.AGENT
    return present(
        id=principal.id,
        name=principal.name,
        display_name=principal.name,
        purpose="agent" if is_agent else principal.purpose,
        description=principal.description or None,
        status=principal.state,
        owner_id=principal.owner_id or None,
        user_id=principal.id,
        role_ids=[assignment.role_id for assignment in principal.assignments.all()],
        metadata=principal.metadata,
        tags=principal.tags,
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
        tags=role.tags,
        created_at=instant(role.created_at),
        updated_at=instant(role.updated_at),
    )


def render_assignment(assignment: RoleAssignment) -> dict[str, Any]:
    """Return who holds which role; ``user_id`` is the principal once more, as older
    clients call it."""
    return present(
        id=assignment.id,
        project_id=assignment.principal.project_id,
        principal_id=assignment.principal_id,
        user_id=assignment.principal_id,
        role_id=assignment.role_id,
        role_name=assignment.role.name,
        granted_by=assignment.granted_by or None,
        created_at=instant(assignment.created_at),
    )
