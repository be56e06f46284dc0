"""Celery entry points of questions."""

from celery import shared_task

from apps.interactions.services.expire import expire_overdue
from apps.kernel import clock


@shared_task(name="interactions.expire", ignore_result=True)
def expire() -> int:
    """Expire what is overdue; the clock calls it now and then."""
    return expire_overdue(now=clock.now())
