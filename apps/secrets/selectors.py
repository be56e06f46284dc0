"""Reading secrets. Every query starts from the project."""

from dataclasses import dataclass, field

from django.db.models import QuerySet

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
    """Return the secrets of a project that were not deleted."""
    return Secret.objects.filter(project_id=project_id, deleted_at=None)


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
