"""Change an API key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity.actor import Actor
from apps.identity.keyrings import Keyring
from apps.identity.minting import check_name, reach_of
from apps.identity.models import ApiKey
from apps.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """What to change; None leaves a field alone. ``expires_at`` counts when
    ``moves_end`` is set: None is then no end at all."""

    name: str | None = None
    tags: Mapping[str, str] | None = None
    expires_at: datetime | None = None
    moves_end: bool = False


@transaction.atomic
def update_key(
    ring: Keyring, key_id: str, changes: KeyChanges, *, by: Actor, now: datetime
) -> ApiKey:
    """Change a key that still opens something. A later end is like a new key.

    Raises:
        NotFound: it is not here.
        Invalid: the new end is not in the future.
        PermissionDenied: the end is put off, and the key opens more than the actor
            holds.
        Conflict: the key is revoked or expired, or another live key has the name.
    """
    ring.take_turn()
    key = ring.find(key_id)
    state = key.state(now)
    if state != "active":
        raise Conflict(f"key {key.id} is {state}", key_id=key.id, state=state)
    if changes.name is not None and changes.name != key.name:
        check_name(ring, changes.name, now=now)
        key.name = changes.name
    if changes.tags is not None:
        key.tags = dict(changes.tags)
    if changes.moves_end:
        _move_end(key, changes.expires_at, by, now)
    key.updated_at = now
    key.save(update_fields=["name", "tags", "expires_at", "updated_at"])
    return key


def _move_end(key: ApiKey, end: datetime | None, by: Actor, now: datetime) -> None:
    if end is not None and end <= now:
        raise invalid_field(
            "expires_at", "expected an instant in the future; DELETE ends it now"
        )
    is_later = key.expires_at is not None and (end is None or end > key.expires_at)
    if is_later:
        by.check_grant(reach_of(key.principal, key.scope_role))
    key.expires_at = end
