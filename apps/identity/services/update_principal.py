"""Change a principal, switch it off and on again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.models import Principal
from apps.identity.services.set_roles import set_roles
from apps.kernel.errors import Conflict

_PLAIN = ("name", "description", "owner_id", "purpose")


@dataclass(frozen=True, slots=True)
class PrincipalChanges:
    """What to change; None leaves a field alone. ``role_ids`` are all its roles."""

    name: str | None = None
    description: str | None = None
    owner_id: str | None = None
    purpose: str | None = None
    metadata: Mapping[str, Any] | None = None
    tags: Mapping[str, str] | None = None
    disabled: bool | None = None
    role_ids: Sequence[str] | None = None


@transaction.atomic
def update_principal(
    project_id: str,
    principal_id: str,
    changes: PrincipalChanges,
    *,
    by: Actor,
    now: datetime,
) -> Principal:
    """Change a principal. From the commit on the keys of a disabled one answer 401.
    Switching it on again gives back all it holds, so it is like giving that.

    Raises:
        NotFound: the project has no such principal, or no such role.
        Invalid: the owner is nobody here.
        PermissionDenied: it would get more than the actor holds.
        Conflict: it is deleted, the name is taken, or nobody would be left who can
            manage access.
    """
    selectors.check_owner(project_id, changes.owner_id or "")
    with access_kept(project_id):
        principal = selectors.find_principal(project_id, principal_id)
        if principal.deleted_at is not None:
            raise Conflict(
                f"principal {principal.id} is deleted", principal_id=principal.id
            )
        if changes.role_ids is not None:
            roles = selectors.find_roles(project_id, changes.role_ids, ())
            set_roles(principal, roles, by=by, now=now)
        if changes.disabled is False and principal.disabled:
            by.check_grant(selectors.permissions_of(principal.id))
        _change(principal, changes, now)
    return selectors.find_principal(project_id, principal_id)


def _change(principal: Principal, changes: PrincipalChanges, now: datetime) -> None:
    for name in (*_PLAIN, "disabled"):
        value = getattr(changes, name)
        if value is not None:
            setattr(principal, name, value)
    for name in ("metadata", "tags"):
        value = getattr(changes, name)
        if value is not None:
            setattr(principal, name, dict(value))
    principal.updated_at = now
    fields = [*_PLAIN, "disabled", "metadata", "tags", "updated_at"]
    try:
        with transaction.atomic():
            principal.save(update_fields=fields)
    except IntegrityError:
        raise Conflict(
            f"principal {changes.name} exists already", name=changes.name
        ) from None
