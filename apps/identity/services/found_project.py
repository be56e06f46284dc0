"""Create a project with somebody in it."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.identity.actor import OPERATOR, Actor
from apps.identity.minting import IssuedKey, mint_for
from apps.identity.models import (
    Organization,
    Principal,
    PrincipalKind,
    Project,
)
from apps.identity.services.assign_role import assign_role
from apps.identity.services.create_principal import NewPrincipal, create_principal
from apps.identity.services.create_project import NewProject, create_project
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles

FOUNDER_ROLE = "Admin"


class Founded(NamedTuple):
    """A new project, its first principal, and a key of it when one was asked for."""

    project: Project
    founder: Principal
    key: IssuedKey | None


@transaction.atomic
def found_project(
    organization_id: str,
    new: NewProject,
    *,
    founder_name: str,
    key_name: str = "",
    by: Actor,
    now: datetime,
) -> Founded:
    """Create a project and in it a service that is its Admin, with a key if it gets
    a name: keys of other projects open nothing here.

    Whoever makes a project has all of it, whatever they hold where they come from;
    but Admins hold nothing of the organization, so nothing of that is passed on.

    Raises:
        Invalid: the handle is malformed.
        Conflict: the handle is taken.
    """
    organization = Organization.objects.get(pk=organization_id)
    project = create_project(organization, new, by=by, now=now)
    service = NewPrincipal(name=founder_name, kind=PrincipalKind.SERVICE)
    founder = create_principal(project.id, service, by=by, now=now)
    role = ensure_built_in_roles(now=now)[FOUNDER_ROLE]
    assign_role(founder, role, by=OPERATOR, now=now)
    if not key_name:
        return Founded(project, founder, None)
    key = mint_for(
        founder,
        name=key_name,
        expires_at=None,
        scope_role=None,
        tags={},
        created_by=by.signature,
        now=now,
    )
    return Founded(project, founder, key)
