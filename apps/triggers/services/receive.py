"""Take a request to the address of a webhook trigger, durably, and answer at once."""

import hashlib
import hmac
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.api.body import invalid_field
from apps.api.rendering import read_json
from apps.kernel.errors import TooLarge, Unauthenticated
from apps.secrets.cipher import unseal
from apps.source_events.catalog import Internal, Public
from apps.source_events.services.append import (
    Appended,
    Fact,
    append_facts,
    append_source_event,
)
from apps.triggers.models import Trigger

BODY_BYTES_MAX: Final = 1024 * 1024
KEY_CHARS_MAX: Final = 255
_SCHEME: Final = "sha256="


@transaction.atomic
def receive_request(
    trigger: Trigger, raw: bytes, *, signature: str, key: str | None, now: datetime
) -> Appended:
    """Record a request as ``http_trigger.received`` and let its handler start.

    ``key`` makes a repetition harmless: it yields the event of the first request. The
    body is any JSON; one that is no object becomes ``{"body": …}``.

    Raises:
        TooLarge: the body is over 1 MiB.
        Unauthenticated: the trigger has a secret and the signature is not of it.
        Invalid: the body is no JSON, or the key has no or over 255 characters.
    """
    if len(raw) > BODY_BYTES_MAX:
        raise TooLarge.of("the request body", len(raw), BODY_BYTES_MAX)
    _check_signature(trigger, raw, signature)
    if key is not None and (not 1 <= len(key) <= KEY_CHARS_MAX or "\x00" in key):
        raise invalid_field("idempotency_key", "expected 1 to 255 characters")
    (received,) = append_facts([_received(trigger, read_json(raw), key)], now=now)
    if not received.deduped:
        handler = Fact(
            trigger.project_id,
            Internal.HTTP_FIRED,
            source_kind="http_trigger",
            source_id=trigger.id,
            event={"trigger_id": trigger.id, "source_event_id": received.id},
        )
        append_source_event(handler, now=now)
    return received


def _received(trigger: Trigger, body: Any, key: str | None) -> Fact:
    return Fact(
        trigger.project_id,
        Public.HTTP_RECEIVED,
        source_kind="http_trigger",
        source_id=trigger.id,
        event=body if isinstance(body, dict) else {"body": body},
        meta={"trigger_id": trigger.id, "http_handle": trigger.handle},
        settled=None,
        dedup_key=f"http:{trigger.id}:{key}" if key is not None else "",
    )


def _check_signature(trigger: Trigger, raw: bytes, signature: str) -> None:
    if not trigger.sealed_secret:
        return
    secret = unseal(trigger.id, trigger.sealed_secret)["secret"]
    right = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    sent = signature.strip().removeprefix(_SCHEME).lower()
    has_scheme = signature.strip().startswith(_SCHEME)
    if not (has_scheme and hmac.compare_digest(sent.encode(), right.encode())):
        raise Unauthenticated(
            "X-Mobius-Signature: expected sha256=<HMAC of the raw body, in hex>",
            code="invalid_signature",
        )
