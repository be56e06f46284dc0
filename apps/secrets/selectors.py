"""Reading secrets. Every query starts from the project."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.api.body import invalid_field
from apps.kernel.errors import Conflict, NotFound
from apps.kernel.ids import IdKind
from apps.secrets.cipher import unseal
from apps.secrets.models import Secret, SecretState, SecretVersion

ID_PREFIX = f"{IdKind.SECRET.value}_"
#: The column holds no larger number.
VERSION_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ResolvedSecret:
    """The values behind a reference, for the server's own use."""

    name: str
    version: int
    values: dict[str, str] = field(repr=False)


def list_secrets(project_id: str) -> QuerySet[Secret]:
    """Return the project's own secrets that were not deleted."""
    return Secret.objects.filter(project_id=project_id, deleted_at=None, owner_id="")


def find_secret(
    project_id: str, id_or_name: str, *, for_update: bool = False
) -> Secret:
    """Return one secret, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such secret.
    """
    rows = list_secrets(project_id)
    if for_update:
        rows = rows.select_for_update()
    column = "id" if id_or_name.startswith(ID_PREFIX) else "name"
    secret = rows.filter(**{column: id_or_name}).first()
    if secret is None:
        raise NotFound(f"secret {id_or_name} not found")
    return secret


def find_version(secret: Secret, number: str) -> SecretVersion:
    """Return one version; ``number`` as it stands in a path or reference.

    Raises:
        Invalid: it is not a number.
        NotFound: the secret has no such version.
    """
    if not (number.isascii() and number.isdigit()):
        raise invalid_field("version", "expected a whole number")
    found = None
    if int(number) <= VERSION_MAX:
        found = secret.versions.filter(version=int(number)).first()
    if found is None:
        raise NotFound(f"version {number} of secret {secret.name} not found")
    return found


def read_values(project_id: str, ref: str) -> ResolvedSecret:
    """Return the values behind ``name`` (the latest version) or ``name:version``.

    Raises:
        NotFound: the project has no such secret or version, or it is deleted.
        Invalid: the version is not a number.
        Conflict: the version is disabled or destroyed.
        Unavailable: the server's keys do not open it.
    """
    name, pinned, number = ref.partition(":")
    secret = find_secret(project_id, name)
    version = find_version(secret, number if pinned else str(secret.version))
    if version.state != SecretState.ENABLED:
        raise Conflict(
            f"version {version.version} of secret {secret.name}"
            f" is {version.state.lower()}",
            secret=secret.name,
            version=version.version,
            state=version.state,
        )
    values = unseal(version.id, version.sealed)
    return ResolvedSecret(secret.name, version.version, values)


def find_owned(
    project_id: str, owner_id: str, *, for_update: bool = False
) -> Secret | None:
    """Return the secret that belongs to something of a project, None without one."""
    rows = Secret.objects.filter(
        project_id=project_id, owner_id=owner_id, deleted_at=None
    )
    return (rows.select_for_update() if for_update else rows).first()


def usable_values(
    project_id: str, ref: str, *, owner_id: str, now: datetime
) -> list[ResolvedSecret]:
    """Return what is behind a reference as ``read_values`` does, newest first: beside
    the latest version those that retire later than now. ``owner_id`` says who refers,
    and finds the secret that belongs to it too.

    Raises:
        NotFound, Invalid, Conflict, Unavailable: as ``read_values`` does.
    """
    if ":" in ref:
        return [read_values(project_id, ref)]
    rows = Secret.objects.filter(project_id=project_id, name=ref, deleted_at=None)
    secret = rows.filter(owner_id__in=["", owner_id]).first()
    if secret is None:
        raise NotFound(f"secret {ref} not found")
    good = Q(retires_at=None) | Q(retires_at__gt=now)
    versions = secret.versions.filter(good, state=SecretState.ENABLED)
    found = list(versions.order_by("-version"))
    if not found:
        raise Conflict(f"secret {ref} has no enabled version", secret=ref)
    return [
        ResolvedSecret(secret.name, one.version, unseal(one.id, one.sealed))
        for one in found
    ]
