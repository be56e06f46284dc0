"""Destroy a secret."""

from datetime import datetime

from django.db import transaction

from apps.secrets.models import SecretState
from apps.secrets.selectors import find_secret


@transaction.atomic
def destroy_secret(
    project_id: str, id_or_name: str, *, destroyed_by: str, now: datetime
) -> None:
    """Erase every value of a secret for good; its name is free again.

    The record of who made and destroyed it stays for the operator.

    Raises:
        NotFound: the project has no such secret.
    """
    secret = find_secret(project_id, id_or_name, for_update=True)
    secret.versions.update(state=SecretState.DESTROYED, sealed="", destroyed_at=now)
    secret.deleted_at = secret.updated_at = now
    secret.updated_by = destroyed_by
    secret.save()
