"""What the reference says of webhooks and what they send."""

from typing import Final

from apps.api.reference import (
    Operation,
    Part,
    Refusal,
    conflict,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import (
    body,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    nullable,
    record,
    ref,
    tag_filter,
    text,
    whole,
)
from apps.deliveries.client import URL_CHARS_MAX
from apps.deliveries.models import DeliveryStatus
from apps.kernel.ids import IdKind
from apps.source_events.catalog import TYPE_CHARS_MAX
from apps.webhooks.requests import (
    EVENTS_MAX,
    NAME_CHARS_MAX,
    OVERLAP_DEFAULT,
    OVERLAP_MAX,
    SECRET_CHARS_MAX,
)
from apps.webhooks.views import WebhookDeliveryViewSet, WebhookViewSet

_URL: Final = text("", "https://example.com/mobius", maxLength=URL_CHARS_MAX)
_EVENTS: Final = listing(
    text("", "run.*", maxLength=TYPE_CHARS_MAX, minLength=1),
    "Event types, with `*` at the end as a wildcard. Empty: all events.",
    maxItems=EVENTS_MAX,
)
_CHANGES: Final = {
    "url": {**_URL, "description": "Where to POST. May be absent or empty at first."},
    "events": _EVENTS,
    "enabled": flag("Whether it is told of anything."),
    "tags": ref("Tags"),
    "secret": text(
        "Chosen by you: then the signature is `HMAC-SHA256(secret, body)` and nothing"
        " else. Absent or empty: a key of ours signs, as `v1` and Standard Webhooks.",
        "",
        maxLength=SECRET_CHARS_MAX,
    ),
}
_NAME: Final = text(
    "Unique in the project.", "Billing", minLength=1, maxLength=NAME_CHARS_MAX
)
_BY: Final = text("The principal.", id_example(IdKind.PRINCIPAL))
_KEY: Final = {
    "secret_ref": text("Which key signs, as deliveries name it.", "webhook/whk_01"),
    "secret_version": whole("Its version, from 1."),
}
_SHOWN_KEY: Final = text(
    "Base64 of the 32 bytes that sign: shown this once.",
    "bXktMzItYnl0ZXMtb2Ytc2lnbmluZy1rZXktLS0tLS0=",
)
_RECORD: Final = {
    "id": identifier(IdKind.DELIVERY, "Also `X-Mobius-Delivery-Id`, `webhook-id`."),
    "webhook_id": identifier(IdKind.WEBHOOK),
    "event_type": text("", "run.completed"),
    "status": text(
        "`processing` while an attempt is under way.",
        "delivered",
        choices=(*DeliveryStatus.values, "processing"),
    ),
    "attempts": whole("So far."),
    "created_at": instant(),
}
_RECORD_SOMETIMES: Final = {
    "run_id": identifier(IdKind.RUN, "The run that the event is about."),
    "last_error": text("", "answered 503"),
    "delivered_at": instant(),
}
_WEBHOOK: Final = {
    "id": identifier(IdKind.WEBHOOK),
    "name": text("", "Billing"),
    "url": text("", "https://example.com/mobius"),
    "events": listing(text("", "run.*"), "Empty: all events."),
    "enabled": flag("Switched off by itself after too many dead deliveries."),
    "created_at": instant(),
    "updated_at": instant(),
}
_WEBHOOK_SOMETIMES: Final = {
    "created_by": _BY,
    "updated_by": _BY,
    "tags": mapping("", {"team": "web"}, values=text("", "web")),
    **_KEY,
}

_SCHEMAS: Final = {
    "Webhook": record(
        "Who outside is told of which events. One whose secret you chose has no"
        " `secret_ref`, `secret_version`, `tags` or `updated_by`.",
        _WEBHOOK,
        _WEBHOOK_SOMETIMES,
    ),
    "ShownWebhook": record(
        "A webhook, with its key if there is a new one of ours.",
        _WEBHOOK,
        {**_WEBHOOK_SOMETIMES, "signing_secret": _SHOWN_KEY},
    ),
    "NewWebhook": body("", {"name": _NAME}, _CHANGES),
    "WebhookChanges": body(
        "What is absent stays; `events` and `tags` are replaced as a whole.",
        optional={"name": _NAME, **_CHANGES},
        example={"enabled": False},
    ),
    "WebhookRotation": body(
        "",
        optional={
            "overlap_seconds": whole(
                "For how long the key that is replaced signs as well.",
                int(OVERLAP_DEFAULT.total_seconds()),
                minimum=0,
                maximum=int(OVERLAP_MAX.total_seconds()),
            )
        },
    ),
    "WebhookKey": record("A new key.", {**_KEY, "signing_secret": _SHOWN_KEY}),
    "WebhookPing": body(
        "", optional={"url": {**_URL, "description": "Instead of the webhook's own."}}
    ),
    "WebhookPinged": record(
        "What came of it.",
        {"success": flag(""), "latency_ms": whole("", 42)},
        {
            "status_code": whole("Absent when nobody answered.", 200),
            "error": text("", "answered 404"),
        },
    ),
    "WebhookDeliveryLine": record("A message.", _RECORD, _RECORD_SOMETIMES),
    "WebhookDelivery": record(
        "A message, what came back, and every try.",
        {
            **_RECORD,
            "url": text("", "https://example.com/mobius"),
            "payload": ref("WebhookMessage"),
            "tries": listing(
                record(
                    "One attempt.",
                    {
                        "attempt": whole("From 1."),
                        "at": instant(),
                        "status": nullable(whole("Null: nobody answered.", 503)),
                        "error": text("Empty: it was taken.", "answered 503"),
                    },
                ),
                "The last twenty, oldest first.",
            ),
        },
        {
            **_RECORD_SOMETIMES,
            "response_status": whole("", 503),
            "response_excerpt": text("The beginning of the body.", "try later"),
            "next_attempt_at": instant("While it is pending."),
        },
    ),
    "WebhookMessage": record(
        "The body of a message.",
        {
            "type": text("", "run.completed"),
            "data": mapping("The event.", {"run_id": id_example(IdKind.RUN)}),
        },
    ),
}
_NAME_TAKEN: Final = conflict("A webhook of this name exists already.")

PART: Final = Part(
    title="Webhooks",
    about="Messages to endpoints of yours, signed and retried ten times. Headers:"
    " `X-Mobius-Signature` (`sha256=…` over `v1.<delivery id>.<timestamp>.<body>`),"
    " `-Timestamp`, `-Delivery-Id`, `-Event-Type`, `-Secret-Ref`, `-Secret-Version`,"
    " and those of Standard Webhooks.",
    operations={
        (WebhookViewSet, "list"): Operation(
            id="listWebhooks",
            summary="List webhooks",
            query={
                "enabled": text("", "true", choices=("true", "false", "1", "0", "")),
                "tag": tag_filter(),
            },
            answers=paged("Webhook"),
        ),
        (WebhookViewSet, "create"): Operation(
            id="createWebhook",
            summary="Create a webhook",
            body=ref("NewWebhook"),
            once=True,
            answers=shown("ShownWebhook", "It; the key is never replayed.", 201),
            refusals=(_NAME_TAKEN,),
        ),
        (WebhookViewSet, "retrieve"): Operation(
            id="getWebhook", summary="Get a webhook", answers=shown("Webhook", "It.")
        ),
        (WebhookViewSet, "partial_update"): Operation(
            id="updateWebhook",
            summary="Change a webhook",
            body=ref("WebhookChanges"),
            answers=shown("ShownWebhook", "The changed webhook."),
            refusals=(_NAME_TAKEN,),
        ),
        (WebhookViewSet, "destroy"): Operation(
            id="deleteWebhook",
            summary="Delete a webhook",
            answers=nothing("What waited to be sent is given up."),
        ),
        (WebhookViewSet, "rotate"): Operation(
            id="rotateWebhookSecret",
            summary="Make a new signing key",
            body=ref("WebhookRotation"),
            needs_body=False,
            answers=shown("WebhookKey", "Shown this once."),
            refusals=(conflict("Its secret was chosen by you: send another."),),
        ),
        (WebhookViewSet, "ping"): Operation(
            id="pingWebhook",
            summary="Send a test message now",
            body=ref("WebhookPing"),
            needs_body=False,
            answers=shown("WebhookPinged", "What came of it, good or bad."),
            refusals=(
                Refusal(429, "rate_limit_exceeded", "Too many pings are under way."),
            ),
        ),
        (WebhookDeliveryViewSet, "list"): Operation(
            id="listWebhookDeliveries",
            summary="List messages of a webhook",
            answers=paged("WebhookDeliveryLine"),
        ),
        (WebhookDeliveryViewSet, "retrieve"): Operation(
            id="getWebhookDelivery",
            summary="Get a message",
            answers=shown("WebhookDelivery", "It, with every try."),
        ),
        (WebhookDeliveryViewSet, "redeliver"): Operation(
            id="redeliverWebhookDelivery",
            summary="Send a message again",
            answers=shown("WebhookDelivery", "It is due now, under its id.", 202),
            refusals=(
                conflict("Disabled, without an address, or being sent this moment."),
            ),
        ),
    },
    schemas=_SCHEMAS,
    places={
        "webhook": place("The id of a webhook.", id_example(IdKind.WEBHOOK)),
        "delivery_id": place("The id of a message.", id_example(IdKind.DELIVERY)),
    },
)
