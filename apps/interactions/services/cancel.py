"""Withdraw questions that no run waits for any more."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from apps.interactions.models import Interaction, InteractionStatus


def cancel_interactions(
    run_ids: Sequence[str],
    *,
    tasks: Sequence[tuple[str, int]] = (),
    now: datetime,
) -> None:
    """Cancel what is pending of whole runs and of single tasks ``(run_id, task_id)``.

    Runs in the caller's transaction, which holds the locks of the runs. Answered and
    expired interactions stay as they are.
    """
    wanted = Q(run_id__in=list(run_ids)) if run_ids else Q()
    for run_id, task_id in tasks:
        wanted |= Q(run_id=run_id, task_id=task_id)
    if wanted:
        Interaction.objects.filter(wanted, status=InteractionStatus.PENDING).update(
            status=InteractionStatus.CANCELLED, updated_at=now
        )
