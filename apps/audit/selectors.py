"""Reading audit records."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from apps.api.body import Body
from apps.audit.models import AuditRecord

ACTIONS: Final = ("create", "update", "delete", "archive", "restore")
#: parameter -> column
_EXACT: Final = {
    "resource_type": "resource_type",
    "resource_id": "resource_id",
    "action": "action",
    "project_id": "project_id",
    "user_id": "actor__principal_id",
    "actor_id": "actor__principal_id",
    "actor_type": "actor__principal_kind",
    "source": "actor__source",
    "credential_id": "actor__credential_id",
}


def filtered_records(
    rows: QuerySet[AuditRecord], query: Mapping[str, Any]
) -> QuerySet[AuditRecord]:
    """Return those that match the filters of the list.

    Raises:
        Invalid: names every filter that is wrong.
    """
    times = ("created_after", "created_before")
    body = Body({name: query[name] for name in (*_EXACT, *times) if query.get(name)})
    for name, column in _EXACT.items():
        choices = ACTIONS if name == "action" else None
        value = body.text(name, default="", choices=choices)
        if value:
            rows = rows.filter(**{column: value})
    after = body.moment("created_after", default=None)
    before = body.moment("created_before", default=None)
    body.finish()
    if after is not None:
        rows = rows.filter(created_at__gt=after)
    return rows if before is None else rows.filter(created_at__lt=before)
