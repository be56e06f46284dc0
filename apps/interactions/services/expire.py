"""End questions whose time ran out."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.interactions.models import Interaction, InteractionStatus
from apps.interactions.models.interaction import OPEN
from apps.interactions.services.cancel import end_interactions

SWEPT_AT_ONCE_MAX = 1000
_DECIDED = (InteractionStatus.COMPLETED, InteractionStatus.CANCELLED)


def expire_interactions(tasks: Sequence[tuple[str, int]], *, now: datetime) -> None:
    """Expire what is open of single tasks ``(run_id, task_id)``, together with the
    waits of their runs.

    Runs in the caller's transaction, which holds the locks of the runs.
    """
    wanted = Q()
    for run_id, task_id in tasks:
        wanted |= Q(run_id=run_id, task_id=task_id)
    if wanted:
        end_interactions(wanted, InteractionStatus.EXPIRED, now=now)


def decided_tasks(tasks: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return which of these tasks, whose time is up, have an answer or were withdrawn
    before: their runs are about to hear of that, and must not time out first.

    Locks the questions of the tasks, so that nothing is decided between this look and
    the end of the caller's transaction, which holds the locks of the runs.
    """
    wanted = Q()
    for run_id, task_id in tasks:
        wanted |= Q(run_id=run_id, task_id=task_id)
    rows = Interaction.objects.filter(wanted).order_by("id")
    found = rows.select_for_update(no_key=True).values_list(
        "run_id", "task_id", "status"
    )
    return {
        (run_id, task_id)
        for run_id, task_id, status in found
        if task_id is not None and status in _DECIDED
    }


@transaction.atomic
def expire_overdue(*, now: datetime) -> int:
    """Expire up to 1000 open interactions whose time is over; return how many.

    Readers treat them as expired already. Rows somebody holds are left for the next
    sweep; a run hears of its own deadline from its timer, not from here.
    """
    ids: list[str] = []
    for status in OPEN:
        overdue = Interaction.objects.filter(
            status=status, expires_at__lte=now
        ).select_for_update(skip_locked=True)
        rows = overdue.order_by("expires_at").values_list("id", flat=True)
        ids += rows[: SWEPT_AT_ONCE_MAX - len(ids)]
    if not ids:
        return 0
    return end_interactions(Q(pk__in=ids), InteractionStatus.EXPIRED, now=now)
