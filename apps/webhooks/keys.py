"""The keys that sign: made or taken here, kept by secrets, read by deliveries."""

import base64
from datetime import datetime, timedelta
from secrets import token_bytes

from apps.deliveries.signing import BODY_SECRET_NAME, KEY_BYTES, KEY_NAME
from apps.secrets.services.keep_owned import Owned, keep_owned
from apps.webhooks.models import Scheme, Webhook


def give_new_key(
    webhook: Webhook, *, by: str, now: datetime, overlap: timedelta = timedelta(0)
) -> str:
    """Have a webhook sign with a new key from now on; return the key, this once. The
    one before stays good for ``overlap``. The caller saves the webhook."""
    key = base64.b64encode(token_bytes(KEY_BYTES)).decode()
    _keep(webhook, Scheme.V1, {KEY_NAME: key}, by, now, overlap)
    return key


def take_chosen_secret(
    webhook: Webhook, secret: str, *, by: str, now: datetime
) -> None:
    """Have a webhook sign bodies with what the caller chose. The caller saves it."""
    _keep(webhook, Scheme.BODY, {BODY_SECRET_NAME: secret}, by, now, timedelta(0))


def _keep(
    webhook: Webhook,
    scheme: Scheme,
    values: dict[str, str],
    by: str,
    now: datetime,
    overlap: timedelta,
) -> None:
    owned = Owned(webhook.project_id, webhook.id, webhook.secret_ref, values)
    kept = keep_owned(owned, kept_by=by, now=now, overlap=overlap)
    webhook.scheme, webhook.secret_version = scheme, kept.version
