"""Issue an API key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.keyrings import Keyring
from apps.identity.minting import IssuedKey, check_name, mint_for, reach_of
from apps.identity.models import Principal
from apps.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key is. The role of ``scope_role_id`` caps what it opens.

    Without ``for_nobody`` a key of a principal without roles is refused: it would
    open nothing.
    """

    name: str
    expires_at: datetime | None = None
    scope_role_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    for_nobody: bool = True


@transaction.atomic
def issue_key(
    principal: Principal, new: NewKey, *, by: Actor, now: datetime
) -> IssuedKey:
    """Mint a key with which ``principal`` may call; only its hash is stored.

    Calls for one project take turns, so of two keys with one name one is refused.

    Raises:
        Invalid: the key would expire before it exists, or there is no such role.
        PermissionDenied: the key opens more than the actor holds.
        Conflict: a live key of the project has this name, or the principal is
            disabled; ``principal_has_no_roles``.
    """
    if new.expires_at is not None and new.expires_at <= now:
        raise invalid_field("expires_at", "expected an instant in the future")
    take_turn(principal.project_id)
    principal.refresh_from_db(fields=["disabled", "deleted_at"])
    scope_role = None
    if new.scope_role_id:
        try:
            scope_role = selectors.find_role(principal.project_id, new.scope_role_id)
        except NotFound:
            raise invalid_field("scope_role_id", "expected a role") from None
    by.check_grant(reach_of(principal, scope_role))
    _check_holder(principal, new)
    check_name(Keyring.of(principal), new.name, now=now)
    return mint_for(
        principal,
        name=new.name,
        expires_at=new.expires_at,
        scope_role=scope_role,
        tags=new.tags,
        created_by=by.signature,
        now=now,
    )


def _check_holder(principal: Principal, new: NewKey) -> None:
    if principal.state != "active":
        raise Conflict(
            f"principal {principal.id} is {principal.state}", principal_id=principal.id
        )
    if not new.for_nobody and not principal.assignments.exists():
        raise Conflict(
            f"{principal.name} has no roles, so the key would open nothing; give it"
            " one, or send allow_unassigned_principal",
            code="principal_has_no_roles",
            principal_id=principal.id,
        )
