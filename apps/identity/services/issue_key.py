"""Issue an API key."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity import selectors
from apps.identity.credentials import SHOWN_PREFIX_LENGTH, digest_of, mint_key
from apps.identity.grants import Within, check_grant
from apps.identity.models import ApiKey, Principal, Project
from apps.kernel.errors import Conflict


class IssuedKey(NamedTuple):
    """A new key: its row, and the secret that nobody can read again."""

    row: ApiKey
    secret: str


@transaction.atomic
def issue_key(
    principal: Principal,
    *,
    name: str,
    expires_at: datetime | None = None,
    within: Within = None,
    now: datetime,
) -> IssuedKey:
    """Mint a key with which ``principal`` may call; only its hash is stored.

    Calls for one project queue up on the project's row, so of two keys with one
    name one is refused.

    Raises:
        Invalid: ``expires_at`` is not in the future.
        PermissionDenied: the principal may do more than ``within``.
        Conflict: a live key of the project has this name, or the principal is
            disabled.
    """
    if expires_at is not None and expires_at <= now:
        raise invalid_field("expires_at", "expected an instant in the future")
    Project.objects.select_for_update(no_key=True).get(pk=principal.project_id)
    check_grant(selectors.permissions_of(principal.id), within)
    if principal.disabled:
        raise Conflict(
            f"principal {principal.id} is disabled", principal_id=principal.id
        )
    taken = selectors.live_keys(principal.project_id, now=now).filter(name=name)
    if taken.exists():
        raise Conflict(f"a live key named {name} exists already", name=name)
    secret = mint_key()
    row = ApiKey.objects.create(
        principal=principal,
        name=name,
        prefix=secret[:SHOWN_PREFIX_LENGTH],
        digest=digest_of(secret),
        expires_at=expires_at,
        created_at=now,
        updated_at=now,
    )
    return IssuedKey(row, secret)
