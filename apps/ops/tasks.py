"""Celery entry points of operations."""

from typing import Final

from celery import shared_task

from apps.kernel import clock
from apps.ops.services.prune import prune

#: The process does something else by then; the next call goes on.
PRUNE_SECONDS: Final = 8.0


@shared_task(name="ops.prune", ignore_result=True)
def prune_old_rows() -> int:
    """Delete some of what is past its time; beat calls it twice a minute."""
    return prune(now=clock.now(), seconds=PRUNE_SECONDS).total()
