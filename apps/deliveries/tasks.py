"""Celery entry points of deliveries."""

from celery import shared_task

from apps.deliveries.nudge import take_hint
from apps.deliveries.sending import send_in_background


@shared_task(name="deliveries.send", ignore_result=True)
def send() -> bool:
    """Start to send what is due; hints and beat call it, any number may run at once."""
    take_hint()
    return send_in_background()
