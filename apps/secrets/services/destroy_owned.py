"""Destroy the secret of something that goes."""

from datetime import datetime

from django.db import transaction

from apps.secrets.models import SecretState
from apps.secrets.selectors import find_owned


@transaction.atomic
def destroy_owned(
    project_id: str, owner_id: str, *, destroyed_by: str, now: datetime
) -> None:
    """Erase every value that belongs to ``owner_id``; without any, do nothing."""
    secret = find_owned(project_id, owner_id, for_update=True)
    if secret is None:
        return
    secret.versions.update(state=SecretState.DESTROYED, sealed="", destroyed_at=now)
    secret.deleted_at = secret.updated_at = now
    secret.updated_by = destroyed_by
    secret.save()
