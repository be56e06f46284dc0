"""Replace the key of a webhook."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.kernel.errors import Conflict
from apps.webhooks.keys import give_new_key
from apps.webhooks.models import Scheme
from apps.webhooks.selectors import find_webhook
from apps.webhooks.services.create import Shown


@transaction.atomic
def rotate_secret(
    project_id: str,
    webhook_id: str,
    *,
    overlap: timedelta,
    rotated_by: str,
    now: datetime,
) -> Shown:
    """Give a webhook a new key. The one before signs too for ``overlap``; an older
    one, and without an overlap this one, is erased at once.

    Raises:
        NotFound: the project has no such webhook.
        Conflict: its secret is one that somebody chose.
    """
    webhook = find_webhook(project_id, webhook_id, for_update=True)
    if webhook.scheme == Scheme.BODY:
        raise Conflict(
            "the secret of this webhook was chosen by you: send another one with"
            ' PATCH, or "" to get a key that can be rotated',
            path="secret",
        )
    key = give_new_key(webhook, by=rotated_by, now=now, overlap=overlap)
    webhook.updated_by, webhook.updated_at = rotated_by, now
    webhook.save()
    return Shown(webhook, key)
