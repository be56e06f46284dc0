"""Rotate an API key."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity.actor import Actor
from apps.identity.keyrings import Keyring
from apps.identity.minting import IssuedKey, mint_for, reach_of
from apps.identity.models import ApiKey
from apps.kernel.errors import Conflict


@transaction.atomic
def rotate_key(
    ring: Keyring,
    key_id: str,
    *,
    overlap: timedelta,
    expires_at: datetime | None = None,
    by: Actor,
    now: datetime,
) -> IssuedKey:
    """Put a new key in the place of one, with its principal, name, cap and tags.

    The old one opens for ``overlap`` longer, never past its own end; with none it is
    revoked at once. Without ``expires_at`` the new one lives as long as the old one
    was given when it was issued.

    Raises:
        NotFound: it is not here.
        Invalid: the new key would expire before it exists.
        PermissionDenied: the key opens more than the actor holds.
        Conflict: the key is revoked, expired, rotated already, or its principal is
            disabled.
    """
    ring.take_turn()
    old = ring.find(key_id)
    _check_rotatable(old, now)
    if expires_at is None and old.expires_at is not None:
        expires_at = now + (old.expires_at - old.created_at)
    if expires_at is not None and expires_at <= now:
        raise invalid_field("expires_at", "expected an instant in the future")
    by.check_grant(reach_of(old.principal, old.scope_role))
    issued = mint_for(
        old.principal,
        name=old.name,
        expires_at=expires_at,
        scope_role=old.scope_role,
        tags=old.tags,
        created_by=by.signature,
        now=now,
    )
    _retire(old, issued.row.id, overlap, now)
    return issued


def _check_rotatable(key: ApiKey, now: datetime) -> None:
    state = key.state(now)
    if state != "active":
        raise Conflict(f"key {key.id} is {state}", key_id=key.id, state=state)
    if key.replaced_by:
        raise Conflict(
            f"key {key.id} was rotated to {key.replaced_by}",
            key_id=key.id,
            replaced_by=key.replaced_by,
        )
    if key.principal.disabled:
        raise Conflict(
            f"principal {key.principal_id} is disabled", principal_id=key.principal_id
        )


def _retire(key: ApiKey, successor: str, overlap: timedelta, now: datetime) -> None:
    key.replaced_by = successor
    key.updated_at = now
    if overlap:
        end = now + overlap
        key.expires_at = min(key.expires_at, end) if key.expires_at else end
    else:
        key.revoked_at = now
    key.save(update_fields=["replaced_by", "updated_at", "expires_at", "revoked_at"])
