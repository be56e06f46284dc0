"""Send a webhook a message to try it, and wait for what it says."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from apps.api.body import invalid_field
from apps.api.rendering import to_json
from apps.deliveries.client import Unreachable, post
from apps.deliveries.outcomes import Verdict, judge
from apps.deliveries.signing import signature_headers
from apps.kernel.errors import RateLimited
from apps.kernel.ids import IdKind, new_id
from apps.secrets.selectors import usable_values
from apps.webhooks.arming import PING
from apps.webhooks.models import Webhook
from apps.webhooks.services.hear import body_of, headers_of

TOTAL_SECONDS: Final = 5.0
#: At once in one process: each holds a thread of the API as long as it waits.
PINGS_MAX: Final = 2
_free = BoundedSemaphore(PINGS_MAX)


@dataclass(frozen=True, slots=True)
class Pinged:
    """What came of it; no ``status_code`` when nobody answered."""

    success: bool
    status_code: int | None
    error: str
    latency_ms: int


def ping_webhook(webhook: Webhook, *, url: str = "", now: datetime) -> Pinged:
    """POST ``{"type": "ping"}``, signed as every message, to the webhook or to ``url``;
    disabled ones as well. Not to be called in a transaction.

    Raises:
        Invalid: there is no address.
        RateLimited: too many pings are under way in this process.
        Unavailable: the server's keys do not open the signing key.
    """
    target = url or webhook.url
    if not target:
        raise invalid_field("url", "is required: the webhook has no address")
    delivery_id = new_id(IdKind.DELIVERY)
    body = to_json(body_of(PING, {"webhook_id": webhook.id, "name": webhook.name}))
    secrets = usable_values(
        webhook.project_id, webhook.secret_ref, owner_id=webhook.id, now=now
    )
    signed = signature_headers(
        delivery_id, body, secrets, secret_ref=webhook.secret_ref, turn=0, at=now
    )
    headers = {"Content-Type": "application/json", **headers_of(PING), **signed}
    if not _free.acquire(blocking=False):
        raise RateLimited(
            f"{PINGS_MAX} pings are under way; each takes {TOTAL_SECONDS:g} seconds at"
            " most",
            retry_after_seconds=1,
            headers={"Retry-After": "1"},
        )
    try:
        return _send(target, body, headers, now)
    finally:
        _free.release()


def _send(url: str, body: bytes, headers: dict[str, str], now: datetime) -> Pinged:
    began = time.monotonic()
    status, error = None, ""
    try:
        answer = asyncio.run(post(url, body=body, headers=headers, total=TOTAL_SECONDS))
        outcome = judge(answer, now=now)
        status, error = outcome.status, outcome.error
        success = outcome.verdict is Verdict.DELIVERED
    except Unreachable as problem:
        success, error = False, str(problem)
    return Pinged(success, status, error, int((time.monotonic() - began) * 1000))
