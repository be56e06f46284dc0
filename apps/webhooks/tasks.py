"""Celery entry points of webhooks."""

from celery import shared_task

from apps.kernel import clock
from apps.secrets.services.erase_retired import erase_retired
from apps.webhooks.services.disable_dead import disable_dead


@shared_task(name="webhooks.look_after", ignore_result=True)
def look_after() -> int:
    """Disable what is dead and erase keys that have retired; return how many."""
    now = clock.now()
    return disable_dead(now=now) + erase_retired(now=now)
