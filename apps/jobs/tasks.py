"""Celery entry points of the queue."""

from celery import shared_task

from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock


@shared_task(name="jobs.rescue", ignore_result=True)
def rescue() -> int:
    """Take back overdue jobs; beat calls it every second."""
    return rescue_jobs(now=clock.now())
