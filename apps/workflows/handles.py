"""Handles of workflows: the names that stand in paths, one per organization."""

from itertools import count

from django.db.models import Q

from apps.identity.handles import HANDLE_LENGTH_MAX, derive_handle
from apps.kernel.errors import Invalid
from apps.workflows.models import Workflow

#: A hyphen and seven digits.
NUMBER_LENGTH_MAX = 8
#: For names without a letter or digit of ASCII.
_UNNAMED = "workflow"


def free_handle(organization_id: str, name: str) -> str:
    """Return the handle that goes with a name, numbered when it is taken.

    ``Ingest document`` -> ``ingest-document``, then ``ingest-document-2``. Free now
    is not free at the insert: the unique index decides.
    """
    try:
        wanted = derive_handle(name)
    except Invalid:
        wanted = _UNNAMED
    stem = _stem(wanted)
    near = Workflow.objects.filter(
        Q(handle=wanted) | Q(handle__regex=rf"^{stem}-[0-9]+$"),
        organization_id=organization_id,
    )
    taken = set(near.values_list("handle", flat=True))
    if wanted not in taken:
        return wanted
    return next(
        handle for number in count(2) if (handle := f"{stem}-{number}") not in taken
    )


def _stem(handle: str) -> str:
    """Return what stands before a number, with room for it."""
    return handle[: HANDLE_LENGTH_MAX - NUMBER_LENGTH_MAX].rstrip("-")
