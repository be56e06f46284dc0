"""Celery entry points of triggers."""

from celery import shared_task

from apps.kernel import clock
from apps.triggers.services.sweep import sweep_queues
from apps.triggers.services.tick import tick as take_due


@shared_task(name="triggers.tick", ignore_result=True)
def tick() -> int:
    """Let due schedules go off and look after queues; beat calls it every second."""
    now = clock.now()
    return take_due(now=now) + sweep_queues(now=now)
