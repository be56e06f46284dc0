"""Which law of the workflow table an insert or update broke."""

from django.db import IntegrityError

from apps.kernel.errors import Conflict

#: Names of automations are free: their handles tell them apart.
NAME_TAKEN = ("workflow_name_once_in_project", "loop_name_once_in_project")
#: Handles of workflows are unique in the organization, all others in the project.
HANDLE_TAKEN = (
    "workflow_handle_once_in_organization",
    "workflow_handle_once_in_project",
)


def violated(error: IntegrityError) -> str:
    """Return the name of the constraint that PostgreSQL refused to break."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def name_conflict(error: IntegrityError, name: str) -> Exception:
    """Return the Conflict for a name that is taken; another error comes back as is."""
    if violated(error) not in NAME_TAKEN:
        return error
    kind = violated(error).partition("_")[0]
    return Conflict(
        f"a {kind} named {name} exists already in this project:"
        " choose another name or update it with PATCH",
        path="name",
        name=name,
    )
