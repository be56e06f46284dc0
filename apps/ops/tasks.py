"""Celery entry points of operations."""

from celery import shared_task

from apps.kernel import clock
from apps.ops.services.prune import prune


@shared_task(name="ops.prune", ignore_result=True)
def prune_old_rows() -> int:
    """Delete what is past its time; beat calls it every ten minutes."""
    return prune(now=clock.now())
