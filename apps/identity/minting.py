"""Making the row of a key, without asking whether it may be made."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from apps.identity import selectors
from apps.identity.credentials import SHOWN_PREFIX_LENGTH, digest_of, mint_key
from apps.identity.keyrings import Keyring
from apps.identity.models import ApiKey, Principal, Role
from apps.kernel.errors import Conflict


class IssuedKey(NamedTuple):
    """A new key: its row, and the secret that nobody can read again."""

    row: ApiKey
    secret: str


def reach_of(principal: Principal, scope_role: Role | None) -> frozenset[str]:
    """Return what a key of the principal opens, capped by the role if there is one."""
    held = selectors.permissions_of(principal.id)
    return held if scope_role is None else held & set(scope_role.permissions)


def check_name(ring: Keyring, name: str, *, now: datetime) -> None:
    """Let a key have this name, or not. A key that was rotated gave its name away.

    Raises:
        Conflict: a live key in the same place has it.
    """
    if ring.live(now=now).filter(name=name, replaced_by="").exists():
        raise Conflict(f"a live key named {name} exists already", name=name)


def mint_for(
    principal: Principal,
    *,
    name: str,
    expires_at: datetime | None,
    scope_role: Role | None,
    tags: Mapping[str, str],
    created_by: str,
    now: datetime,
) -> IssuedKey:
    """Insert a key of the principal; only its hash is stored."""
    secret = mint_key()
    row = ApiKey.objects.create(
        principal=principal,
        name=name,
        prefix=secret[:SHOWN_PREFIX_LENGTH],
        digest=digest_of(secret),
        scope_role=scope_role,
        tags=dict(tags),
        created_by=created_by,
        expires_at=expires_at,
        created_at=now,
        updated_at=now,
    )
    return IssuedKey(row, secret)
