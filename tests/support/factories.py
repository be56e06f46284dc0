"""Plain functions that make rows."""

import itertools
from datetime import datetime

from apps.identity.actor import OPERATOR
from apps.identity.credentials import SHOWN_PREFIX_LENGTH, digest_of, mint_key
from apps.identity.models import (
    ApiKey,
    Organization,
    Principal,
    Project,
    Role,
    RoleAssignment,
)
from apps.identity.permissions import BUILT_IN_ROLES
from apps.identity.services.issue_organization_key import (
    NewOrganizationKey,
    issue_organization_key,
)
from apps.kernel import clock
from tests.support.api import Api

_count = itertools.count(1)


def make_project(handle: str) -> Project:
    """A project named ``handle`` in an organization of its own."""
    now = clock.now()
    organization = Organization.objects.create(
        name=handle, handle=handle, created_at=now
    )
    return Project.objects.create(
        organization=organization,
        name=handle,
        handle=handle,
        created_at=now,
        updated_at=now,
    )


def make_principal(
    project: Project, *, role: str | None = None, kind: str = "service", name: str = ""
) -> Principal:
    """A principal, with a built-in role if one is named."""
    now = clock.now()
    principal = Principal.objects.create(
        project=project,
        kind=kind,
        name=name or f"{kind}-{next(_count)}",
        created_at=now,
        updated_at=now,
    )
    if role is not None:
        description, permissions = BUILT_IN_ROLES[role]
        row, _ = Role.objects.get_or_create(
            project=None,
            name=role,
            defaults={
                "description": description,
                "permissions": sorted(permissions),
                "system_defined": True,
                "created_at": now,
                "updated_at": now,
            },
        )
        RoleAssignment.objects.create(principal=principal, role=row, created_at=now)
    return principal


def home_of(principal: Principal) -> Project:
    """The project of somebody who is in one."""
    assert principal.project is not None
    return principal.project


def make_key(principal: Principal, *, expires_at: datetime | None = None) -> str:
    """A key of the principal; returns the secret."""
    secret = mint_key()
    ApiKey.objects.create(
        principal=principal,
        name=f"key-{next(_count)}",
        prefix=secret[:SHOWN_PREFIX_LENGTH],
        digest=digest_of(secret),
        expires_at=expires_at,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    return secret


def make_project_beside(project: Project, handle: str) -> Project:
    """Another project of the same organization."""
    now = clock.now()
    return Project.objects.create(
        organization=project.organization,
        name=handle,
        handle=handle,
        created_at=now,
        updated_at=now,
    )


def make_organization_api(
    project: Project, *, role: str, expires_at: datetime | None = None
) -> Api:
    """A client in ``project`` whose key is the organization's."""
    new = NewOrganizationKey(f"key-{next(_count)}", role, expires_at)
    issued = issue_organization_key(
        project.organization_id, new, by=OPERATOR, now=clock.now()
    )
    return Api(project.handle, issued.secret)


def make_api(project: Project, *, role: str) -> Api:
    """A client whose key's principal holds a built-in role."""
    return Api(project.handle, make_key(make_principal(project, role=role)))
