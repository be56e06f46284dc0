"""Change a secret; new values are a new version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.secrets.models import Secret, SecretState
from apps.secrets.selectors import find_secret
from apps.secrets.versions import add_version


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves it. ``values`` replaces all keys."""

    description: str | None = None
    values: Mapping[str, str] | None = field(default=None, repr=False)


@transaction.atomic
def update_secret(
    project_id: str,
    id_or_name: str,
    changes: Changes,
    *,
    changed_by: str,
    now: datetime,
) -> Secret:
    """Apply ``changes``. With values the next version is enabled and the one before
    disabled, at one moment for every reader. Updates of one secret queue up.

    Raises:
        NotFound: the project has no such secret.
    """
    secret = find_secret(project_id, id_or_name, for_update=True)
    if changes.description is not None:
        secret.description = changes.description
    if changes.values is not None:
        secret.versions.filter(state=SecretState.ENABLED).update(
            state=SecretState.DISABLED
        )
        secret.version += 1
        secret.key_names = sorted(changes.values)
        add_version(secret, changes.values, created_by=changed_by, now=now)
    if changes != Changes():
        secret.updated_by, secret.updated_at = changed_by, now
        secret.save()
    return secret
