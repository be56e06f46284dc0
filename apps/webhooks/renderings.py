"""Webhooks and their deliveries as the API shows them."""

from datetime import datetime
from typing import Any

from apps.api.rendering import instant, present
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import is_under_way
from apps.webhooks.models import Scheme, Webhook


def render_webhook(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook, never with its secret. One whose secret the caller chose is
    shown in the words of the clients that do so, which know no more."""
    shown = present(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=webhook.events,
        enabled=webhook.enabled,
        created_by=webhook.created_by or None,
        created_at=instant(webhook.created_at),
        updated_at=instant(webhook.updated_at),
    )
    if webhook.scheme == Scheme.BODY:
        return shown
    return shown | present(
        updated_by=webhook.updated_by or None,
        tags=webhook.tags,
        secret_ref=webhook.secret_ref,
        secret_version=webhook.secret_version,
    )


def render_record(delivery: Delivery, now: datetime) -> dict[str, Any]:
    """Return a line of the list of deliveries: what clients know, and no more."""
    processing = is_under_way(delivery, now)
    return present(
        id=delivery.id,
        webhook_id=delivery.subject_id,
        run_id=delivery.run_id or None,
        event_type=delivery.payload["type"],
        status="processing" if processing else delivery.status,
        attempts=delivery.attempts,
        last_error=delivery.last_error or None,
        created_at=instant(delivery.created_at),
        delivered_at=instant(delivery.delivered_at),
    )


def render_delivery(delivery: Delivery, now: datetime) -> dict[str, Any]:
    """Return one delivery with what was sent and what came back."""
    is_waiting = delivery.status == "pending"
    return render_record(delivery, now) | present(
        url=delivery.url,
        payload=delivery.payload,
        response_status=delivery.last_status,
        response_excerpt=delivery.last_answer or None,
        next_attempt_at=instant(delivery.next_attempt_at) if is_waiting else None,
        tries=delivery.tries,
    )
