"""Keep a secret for something of a project, or renew it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from apps.secrets.models import Secret, SecretState
from apps.secrets.selectors import find_owned
from apps.secrets.versions import add_version


@dataclass(frozen=True, slots=True)
class Owned:
    """Values that belong to ``owner_id``, known to it as ``name``."""

    project_id: str
    owner_id: str
    name: str
    values: Mapping[str, str] = field(repr=False)


@transaction.atomic
def keep_owned(
    new: Owned, *, kept_by: str, now: datetime, overlap: timedelta = timedelta(0)
) -> Secret:
    """Write the first version, or the next one; return the secret.

    The version before stays good for ``overlap``; what came before that, and without
    an overlap this one too, is erased. Who keeps two for one owner queues up.
    """
    secret = find_owned(new.project_id, new.owner_id, for_update=True)
    if secret is None:
        secret = Secret.objects.create(
            project_id=new.project_id,
            owner_id=new.owner_id,
            name=new.name,
            key_names=sorted(new.values),
            created_by=kept_by,
            updated_by=kept_by,
            created_at=now,
            updated_at=now,
        )
    else:
        _retire(secret, now, overlap)
        secret.version += 1
        secret.key_names = sorted(new.values)
        secret.updated_by, secret.updated_at = kept_by, now
        secret.save()
    add_version(secret, new.values, created_by=kept_by, now=now)
    return secret


def _retire(secret: Secret, now: datetime, overlap: timedelta) -> None:
    before = secret.versions.exclude(state=SecretState.DESTROYED)
    if overlap > timedelta(0):
        latest = before.filter(version=secret.version)
        latest.update(retires_at=now + overlap)
        before = before.exclude(version=secret.version)
    before.update(state=SecretState.DESTROYED, sealed="", destroyed_at=now)
