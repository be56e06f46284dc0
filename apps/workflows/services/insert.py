"""Insert the row of a definition, whatever its dialect."""

from typing import Any

from django.db import IntegrityError, transaction

from apps.identity.handles import check_handle
from apps.kernel.errors import Conflict
from apps.workflows.handles import free_handle
from apps.workflows.models import Dialect, Workflow
from apps.workflows.uniqueness import HANDLE_TAKEN, name_conflict, violated

#: How often a derived handle may be snatched away before we say so.
_HANDLES_TRIED_MAX = 20


def insert_definition(workflow: Workflow) -> Workflow:
    """Insert a row in the caller's transaction; without a handle one is derived.

    Raises:
        Invalid: the handle is malformed.
        Conflict: the name is taken, or this explicit handle.
    """
    handle = check_handle(workflow.handle) if workflow.handle else ""
    name = workflow.name
    for _ in range(_HANDLES_TRIED_MAX):
        workflow.handle = handle or free_handle(workflow.organization_id, name)
        try:
            with transaction.atomic():
                workflow.save(force_insert=True)
                return workflow
        except IntegrityError as error:
            if violated(error) not in HANDLE_TAKEN:
                raise name_conflict(error, name) from None
            if handle:
                break
    is_workflow = workflow.dialect == Dialect.WORKFLOW
    place = "organization" if is_workflow else "project"
    details: dict[str, Any] = {"path": "handle", "handle": handle}
    raise Conflict(f"handle: {handle or name} is taken in this {place}", **details)
