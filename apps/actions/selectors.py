"""Reading actions and calls. Every query of a request starts from the project."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from apps.actions.models import CustomAction, Invocation, InvocationStatus
from apps.api.body import invalid_field
from apps.jobs.owners import is_invocation
from apps.kernel.errors import NotFound

_FILTERS: Final = {
    "run_id": "run_id",
    "job_id": "job_id",
    "action_name": "action",
    "action_id": "action_id",
}


def find_action(
    project_id: str, name: str, *, for_update: bool = False
) -> CustomAction:
    """Return a custom action by its name, locked if asked.

    Raises:
        NotFound: the project has no such action of its own.
    """
    rows = CustomAction.objects.filter(project_id=project_id, name=name)
    action = (rows.select_for_update() if for_update else rows).first()
    if action is None:
        raise NotFound(f"action {name} not found")
    return action


def find_call(owner_id: str, task_id: int) -> Invocation | None:
    """Return the call that a job of the server's is an attempt at."""
    if is_invocation(owner_id):
        return Invocation.objects.filter(id=owner_id).first()
    return Invocation.objects.filter(run_id=owner_id, task_id=task_id).first()


def ended_among(invocation_ids: list[str]) -> list[str]:
    """Return those of the calls that are not active any more."""
    rows = Invocation.objects.filter(id__in=invocation_ids)
    ended = rows.exclude(status=InvocationStatus.ACTIVE)
    return list(ended.values_list("id", flat=True))


def list_invocations(
    project_id: str, query: Mapping[str, Any]
) -> "QuerySet[Invocation]":
    """Return the calls of a project that match the filters of the list.

    Raises:
        Invalid: ``status`` is none.
    """
    rows = Invocation.objects.filter(project_id=project_id)
    for name, column in _FILTERS.items():
        value = str(query.get(name) or "")
        if value:
            rows = rows.filter(**{column: value})
    status = str(query.get("status") or "")
    if status:
        if status not in InvocationStatus.values:
            known = ", ".join(InvocationStatus.values)
            raise invalid_field("status", f"expected one of {known}")
        rows = rows.filter(status=status)
    return rows


def find_invocation(project_id: str, invocation_id: str) -> Invocation:
    """Return one call.

    Raises:
        NotFound: the project has no such call.
    """
    rows = Invocation.objects.filter(project_id=project_id, id=invocation_id)
    invocation = rows.first()
    if invocation is None:
        raise NotFound(f"invocation {invocation_id} not found")
    return invocation
