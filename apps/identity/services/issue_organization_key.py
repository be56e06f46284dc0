"""Issue an API key that works in every project of an organization."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity.actor import OPERATOR, Actor
from apps.identity.keyrings import Keyring
from apps.identity.minting import IssuedKey, check_name, mint_for, reach_of
from apps.identity.models import (
    Principal,
    PrincipalKind,
    Purpose,
    Role,
    RoleAssignment,
)
from apps.identity.permissions import BUILT_IN_ROLES
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles
from apps.kernel.errors import Conflict

ROLES: Final = tuple(BUILT_IN_ROLES)
DEFAULT_ROLE: Final = "Admin"
SYSTEM_NAME: Final = "system"
_WIDEST_ROLE: Final = "Owner"


@dataclass(frozen=True, slots=True)
class NewOrganizationKey:
    """What a new key of an organization is. ``role`` is a built-in one."""

    name: str
    role: str = DEFAULT_ROLE
    expires_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def issue_organization_key(
    organization_id: str, new: NewOrganizationKey, *, by: Actor, now: datetime
) -> IssuedKey:
    """Mint a key of the organization's system principal, with one role in every
    project there is and will be. Calls for one organization take turns.

    Raises:
        Invalid: the key would expire before it exists, or there is no such role.
        PermissionDenied: the role allows more than the actor holds.
        Conflict: a live key of the organization has this name, or its system
            principal is disabled.
    """
    if new.expires_at is not None and new.expires_at <= now:
        raise invalid_field("expires_at", "expected an instant in the future")
    if new.role not in ROLES:
        raise invalid_field("role", f"expected one of {', '.join(ROLES)}")
    ring = Keyring(organization_id=organization_id)
    ring.take_turn()
    principal = _system_principal(organization_id, now)
    role = Role.objects.get(project=None, name=new.role)
    by.check_grant(reach_of(principal, role))
    if principal.disabled:
        raise Conflict(
            f"principal {principal.id} is disabled", principal_id=principal.id
        )
    check_name(ring, new.name, now=now)
    return mint_for(
        principal,
        name=new.name,
        expires_at=new.expires_at,
        scope_role=role,
        tags=new.tags,
        created_by=by.signature,
        now=now,
    )


def _system_principal(organization_id: str, now: datetime) -> Principal:
    """Return who the keys of an organization act as; made with the first of them. It
    may do everything, and each key caps that with a role."""
    found = Principal.objects.filter(organization_id=organization_id).first()
    if found is not None:
        return found
    principal = Principal.objects.create(
        organization_id=organization_id,
        kind=PrincipalKind.SYSTEM,
        name=SYSTEM_NAME,
        purpose=Purpose.SYSTEM,
        created_at=now,
        updated_at=now,
    )
    RoleAssignment.objects.create(
        principal=principal,
        role=ensure_built_in_roles(now=now)[_WIDEST_ROLE],
        granted_by=OPERATOR.signature,
        created_at=now,
    )
    return principal
