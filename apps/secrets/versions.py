"""Writing versions, for the services that make one."""

from collections.abc import Mapping
from datetime import datetime

from apps.kernel.ids import IdKind, new_id
from apps.secrets.cipher import digest_of, seal
from apps.secrets.models import Secret, SecretVersion


def add_version(
    secret: Secret, values: Mapping[str, str], *, created_by: str, now: datetime
) -> SecretVersion:
    """Write the values of ``secret.version``, enabled, in the caller's transaction."""
    version_id = new_id(IdKind.SECRET_VERSION)
    return SecretVersion.objects.create(
        id=version_id,
        secret=secret,
        version=secret.version,
        sealed=seal(version_id, values),
        sha256=digest_of(values),
        created_by=created_by,
        created_at=now,
    )
