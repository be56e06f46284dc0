"""Why an event was, or was not, told to a webhook."""

from apps.deliveries.selectors import deliveries_about
from apps.kernel.errors import NotFound
from apps.source_events.catalog import pattern_matches
from apps.source_events.explaining import Check, Explanation
from apps.source_events.models import SourceEvent
from apps.webhooks.models import Webhook


def explain_webhook(webhook_id: str, event: SourceEvent) -> Explanation:
    """Return what came of an event at a webhook, and whether it would be told now.

    Raises:
        NotFound: there is no webhook of this id.
    """
    webhook = Webhook.objects.filter(id=webhook_id).first()
    if webhook is None:
        raise NotFound(f"there is no webhook {webhook_id}")
    heard = not webhook.events or any(
        pattern_matches(pattern, event.event_type) for pattern in webhook.events
    )
    checks = [
        Check(
            webhook.project_id == event.project_id, "both belong to the same project"
        ),
        Check(webhook.enabled, "the webhook is enabled"),
        Check(bool(webhook.url), "the webhook has an address"),
        Check(
            heard,
            f"the type {event.event_type} matches {', '.join(webhook.events) or '*'}",
        ),
    ]
    return Explanation(_came(webhook, event), checks)


def _came(webhook: Webhook, event: SourceEvent) -> str:
    sent = deliveries_about(webhook.project_id, webhook.id)
    delivery = sent.filter(dedup_key=f"{webhook.id}:{event.id}").first()
    if delivery is not None:
        return f"It was told: {delivery.id} is {delivery.status}."
    if event.created_at < webhook.created_at:
        return "It was not told: the event is older than the webhook."
    return "It was not told."
