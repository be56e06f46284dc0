"""Celery entry points of actions."""

from celery import shared_task

from apps.actions.executor import executor
from apps.actions.services.sweep import sweep_invocations
from apps.jobs.server_nudge import take_hint
from apps.jobs.services.claim_for_server import server_work_is_due
from apps.kernel import clock


@shared_task(name="actions.run", ignore_result=True)
def run() -> bool:
    """Wake this process's executor if anything is due; hints and beat call it, any
    number may run at once. Return whether something was due."""
    take_hint()
    now = clock.now()
    sweep_invocations(now=now)
    if not server_work_is_due(now=now):
        return False
    executor.wake()
    return True
