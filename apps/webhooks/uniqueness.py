"""Which law of the webhook table an insert or update broke."""

from django.db import IntegrityError

from apps.kernel.errors import Conflict

NAME_TAKEN = "webhook_name_once_in_project"


def taken(error: IntegrityError, name: str) -> Exception:
    """Return the Conflict for a name that is taken; another error comes back as is."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if getattr(diagnosis, "constraint_name", None) != NAME_TAKEN:
        return error
    return Conflict(
        f"a webhook named {name} exists already in this project", path="name", name=name
    )
