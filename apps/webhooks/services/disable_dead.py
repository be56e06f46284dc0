"""Disable webhooks that have taken nothing for days."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.deliveries.models import Trouble
from apps.deliveries.selectors import dead_lanes
from apps.deliveries.services.abandon import abandon_lane
from apps.kernel.ids import IdKind
from apps.source_events.services.append import Fact, append_source_event
from apps.webhooks.arming import arm
from apps.webhooks.models import Webhook

logger = logging.getLogger(__name__)

#: Nothing delivered for so long, and so many messages given up: it is dead.
DEAD_AFTER: Final = timedelta(days=5)
DEAD_FAILED: Final = 5
#: Published when we disable one; triggers and other webhooks may listen.
DISABLED_EVENT: Final = "custom.mobius.webhook.disabled"


def disable_dead(*, now: datetime) -> int:
    """Disable each dead webhook in a transaction of its own; return how many."""
    found = dead_lanes(
        f"{IdKind.WEBHOOK.value}_", since=now - DEAD_AFTER, failed=DEAD_FAILED
    )
    return sum(_disable(one, now) for one in found)


@transaction.atomic
def _disable(trouble: Trouble, now: datetime) -> bool:
    """Disable one; return whether it was still enabled and in that trouble."""
    rows = Webhook.objects.select_for_update().filter(
        id=trouble.lane, project_id=trouble.project_id, enabled=True
    )
    webhook = rows.first()
    if webhook is None or not Trouble.objects.filter(id=trouble.id).exists():
        return False
    reason = (
        f"disabled after {trouble.failures} attempts in a row that did not deliver,"
        f" since {trouble.since:%Y-%m-%d %H:%M} UTC; {trouble.failed} messages were"
        " given up"
    )
    webhook.enabled, webhook.disabled_reason = False, reason
    webhook.updated_at = now
    webhook.save()
    arm(webhook)
    abandon_lane(webhook.project_id, webhook.id, "the webhook was disabled", now=now)
    append_source_event(_notice(webhook, trouble), now=now)
    logger.warning("webhook %s was %s", webhook.id, reason)
    return True


def _notice(webhook: Webhook, trouble: Trouble) -> Fact:
    told = {
        "webhook_id": webhook.id,
        "name": webhook.name,
        "reason": webhook.disabled_reason,
        "failures": trouble.failures,
        "failed": trouble.failed,
    }
    return Fact(
        webhook.project_id,
        DISABLED_EVENT,
        source_kind="webhook",
        source_id=webhook.id,
        event=told,
        settled=None,
    )
