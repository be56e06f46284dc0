"""End questions whose time ran out together with the wait of their run."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from apps.interactions.models import Interaction, InteractionStatus


def expire_interactions(tasks: Sequence[tuple[str, int]], *, now: datetime) -> None:
    """Expire what is pending of single tasks ``(run_id, task_id)``.

    Runs in the caller's transaction, which holds the locks of the runs.
    """
    wanted = Q()
    for run_id, task_id in tasks:
        wanted |= Q(run_id=run_id, task_id=task_id)
    if wanted:
        Interaction.objects.filter(wanted, status=InteractionStatus.PENDING).update(
            status=InteractionStatus.EXPIRED, updated_at=now
        )
