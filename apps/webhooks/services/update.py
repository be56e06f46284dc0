"""Change a webhook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.deliveries.services.abandon import abandon_lane
from apps.deliveries.services.readdress import readdress_lane
from apps.webhooks.arming import arm
from apps.webhooks.keys import give_new_key, take_chosen_secret
from apps.webhooks.models import Scheme, Webhook
from apps.webhooks.selectors import find_webhook
from apps.webhooks.services.create import Shown
from apps.webhooks.uniqueness import taken


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves a field alone. An empty ``secret`` takes the chosen
    one away and gives a key of ours in its place: nothing leaves unsigned."""

    name: str | None = None
    url: str | None = None
    events: Sequence[str] | None = None
    enabled: bool | None = None
    tags: Mapping[str, str] | None = None
    secret: str | None = field(default=None, repr=False)


@transaction.atomic
def update_webhook(
    project_id: str,
    webhook_id: str,
    changes: Changes,
    *,
    changed_by: str,
    now: datetime,
) -> Shown:
    """Change a webhook. What waits to be sent goes to a new address, and is given up
    when the webhook is disabled or has no address any more.

    Raises:
        NotFound: the project has no such webhook.
        Conflict: the name is taken.
    """
    webhook = find_webhook(project_id, webhook_id, for_update=True)
    before = (webhook.url, webhook.enabled)
    for name in ("name", "url", "enabled"):
        value = getattr(changes, name)
        if value is not None:
            setattr(webhook, name, value)
    if changes.events is not None:
        webhook.events = list(changes.events)
    if changes.tags is not None:
        webhook.tags = dict(changes.tags)
    if webhook.enabled:
        webhook.disabled_reason = ""
    key = _change_secret(webhook, changes.secret, changed_by, now)
    webhook.updated_by, webhook.updated_at = changed_by, now
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError as error:
        raise taken(error, webhook.name) from None
    arm(webhook)
    if (webhook.url, webhook.enabled) != before:
        _tell_outbox(webhook, now)
    return Shown(webhook, key)


def _change_secret(webhook: Webhook, secret: str | None, by: str, now: datetime) -> str:
    if secret:
        take_chosen_secret(webhook, secret, by=by, now=now)
    elif secret is not None and webhook.scheme == Scheme.BODY:
        return give_new_key(webhook, by=by, now=now)
    return ""


def _tell_outbox(webhook: Webhook, now: datetime) -> None:
    if webhook.enabled and webhook.url:
        readdress_lane(webhook.project_id, webhook.id, webhook.url, now=now)
        return
    why = "has no address" if webhook.enabled else "is disabled"
    abandon_lane(webhook.project_id, webhook.id, f"the webhook {why}", now=now)
