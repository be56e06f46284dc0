"""Revoke an API key."""

from datetime import datetime

from apps.identity.actor import Actor
from apps.identity.models import ApiKey


def revoke_key(key: ApiKey, *, by: Actor, now: datetime) -> ApiKey:
    """End a key for good: from the commit on it answers 401 on every process.

    The row stays, for the record. Revoking twice keeps the first instant. Whoever
    manages access may end any key: a leaked one has to go at once.
    """
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        revoked_at=now, updated_at=now
    )
    key.refresh_from_db()
    return key
