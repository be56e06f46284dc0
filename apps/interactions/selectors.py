"""Reading questions. Every query starts from the project."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from apps.api.body import invalid_field
from apps.interactions.models import Interaction, InteractionStatus
from apps.kernel.errors import NotFound

_STATUS = InteractionStatus


def find_interaction(
    project_id: str, interaction_id: str, *, for_update: bool = False
) -> Interaction:
    """Return one interaction, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such interaction.
    """
    rows = Interaction.objects.filter(project_id=project_id, pk=interaction_id)
    if for_update:
        rows = rows.select_for_update()
    interaction = rows.first()
    if interaction is None:
        raise NotFound(f"interaction {interaction_id} not found")
    return interaction


def filtered_interactions(
    project_id: str, query: Mapping[str, Any], *, now: datetime
) -> QuerySet[Interaction]:
    """Return the interactions that match ``run_id`` and ``status`` of the list.

    Raises:
        Invalid: ``status`` is not a status of interactions.
    """
    rows = Interaction.objects.filter(project_id=project_id)
    if run_id := query.get("run_id"):
        rows = rows.filter(run_id=run_id)
    if status := query.get("status"):
        if status not in _STATUS.values:
            raise invalid_field(
                "status", f"expected one of {', '.join(_STATUS.values)}"
            )
        rows = rows.filter(_in_status(status, now))
    return rows


def _in_status(status: str, now: datetime) -> Q:
    """Overdue rows count as expired before anybody writes it down."""
    overdue = Q(status=_STATUS.PENDING, expires_at__lte=now)
    if status == _STATUS.PENDING:
        return Q(status=status) & (Q(expires_at=None) | Q(expires_at__gt=now))
    if status == _STATUS.EXPIRED:
        return Q(status=status) | overdue
    return Q(status=status)
