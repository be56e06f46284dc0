"""Create a principal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.models import Principal, PrincipalKind, Purpose
from apps.identity.services.assign_role import assign_role
from apps.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class NewPrincipal:
    """Somebody to create. ``roles`` are ids and names of roles."""

    name: str
    kind: PrincipalKind
    email: str = ""
    description: str = ""
    owner_id: str = ""
    purpose: str = Purpose.API_CLIENT
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_ids: Sequence[str] = ()
    role_names: Sequence[str] = ()


@transaction.atomic
def create_principal(
    project_id: str, new: NewPrincipal, *, by: Actor, now: datetime
) -> Principal:
    """Create somebody who acts in the project, with its roles, or nobody at all.

    Raises:
        Conflict: the name is taken in the project.
        Invalid: the owner is nobody here.
        NotFound: a role does not exist here.
        PermissionDenied: a role allows more than the actor holds.
    """
    selectors.check_owner(project_id, new.owner_id)
    try:
        with transaction.atomic():
            principal = Principal.objects.create(
                project_id=project_id,
                kind=new.kind,
                name=new.name,
                email=new.email,
                description=new.description,
                owner_id=new.owner_id,
                purpose=new.purpose,
                metadata=dict(new.metadata),
                tags=dict(new.tags),
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        raise Conflict(f"principal {new.name} exists already", name=new.name) from None
    for role in selectors.find_roles(project_id, new.role_ids, new.role_names):
        assign_role(principal, role, by=by, now=now)
    return principal
