"""Who hears what: the rows of the listener table that a webhook has."""

from apps.source_events.catalog import EVERYTHING, check_wait_type
from apps.source_events.models import ListenerSource
from apps.source_events.services.listeners import (
    NewListener,
    add_listeners,
    remove_listeners,
)
from apps.webhooks.models import Webhook

#: Comes by itself, and may be named among the events.
PING = "ping"


def event_problem(name: str) -> str:
    """Return what is wrong with an entry of ``events``; nothing when it is fine."""
    if name == EVERYTHING:
        return "an empty list means all events"
    return "" if name == PING else check_wait_type(name)


def arm(webhook: Webhook) -> None:
    """Bring the listeners of a webhook in step with it, in the caller's transaction."""
    remove_listeners([webhook.id])
    if not (webhook.enabled and webhook.url):
        return
    patterns = [one for one in webhook.events if one != PING]
    if not webhook.events:
        patterns = [EVERYTHING]
    add_listeners(
        NewListener(webhook.project_id, one, ListenerSource.WEBHOOK, webhook.id)
        for one in patterns
    )
