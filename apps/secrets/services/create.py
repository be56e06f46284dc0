"""Create a secret with its first version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.kernel.errors import Conflict
from apps.secrets.models import Secret
from apps.secrets.versions import add_version

NAME_TAKEN = "secret_name_once_in_project"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret as it was sent."""

    name: str
    values: Mapping[str, str] = field(repr=False)
    description: str = ""


@transaction.atomic
def create_secret(
    project_id: str, new: NewSecret, *, created_by: str, now: datetime
) -> Secret:
    """Create a secret and its version 1.

    Raises:
        Conflict: the project has a secret of this name.
    """
    try:
        with transaction.atomic():
            secret = Secret.objects.create(
                project_id=project_id,
                name=new.name,
                description=new.description,
                key_names=sorted(new.values),
                created_by=created_by,
                updated_by=created_by,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", None) != NAME_TAKEN:
            raise
        raise Conflict(
            f"a secret named {new.name} exists already in this project:"
            " choose another name or write new values with PATCH",
            path="name",
            name=new.name,
        ) from None
    add_version(secret, new.values, created_by=created_by, now=now)
    return secret
