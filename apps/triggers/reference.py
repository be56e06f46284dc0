"""What the reference says of triggers."""

from typing import Final

from apps.api.reference import (
    Answer,
    Operation,
    Part,
    conflict,
    missing,
    nothing,
    paged,
    place,
    shown,
    too_large,
    unauthenticated,
)
from apps.api.schemas import anything, body, flag, id_example, mapping, ref, text
from apps.kernel.ids import IdKind
from apps.triggers.models import FireStatus, TriggerKind
from apps.triggers.receiving import ReceivingViewSet
from apps.triggers.reference_schemas import SCHEMAS
from apps.triggers.views import TriggerViewSet

_ELSEWHERE: Final = conflict(
    "It comes from the triggers block of a definition: change it there.",
    "defined_elsewhere",
)
_TAKEN: Final = conflict("The name or the handle is taken.")

PART: Final = Part(
    title="Triggers",
    about="What starts runs: schedules, requests, events, people.",
    operations={
        (ReceivingViewSet, "receive"): Operation(
            id="receiveTriggerRequest",
            aliases=("receiveWebhookTriggerRequest",),
            summary="Reach a webhook trigger",
            about="Needs no key: whoever knows the address may call it. The body is"
            " any JSON, whatever its content type says; the key in the query wins over"
            " those in headers.",
            query={
                "idempotency_key": text(
                    "A request with the key of an earlier one is that earlier one.",
                    "order-17",
                    minLength=1,
                    maxLength=255,
                )
            },
            headers={
                "X-Mobius-Signature": text(
                    "Needed where the trigger has a secret: the HMAC-SHA256 of the raw"
                    " body, in hex.",
                    "sha256=5d41402abc4b2a76b9719d911017c592",
                ),
                "X-Idempotency-Key": text("As in the query.", "order-17"),
                "Idempotency-Key": text("As in the query.", "order-17"),
            },
            body=anything("What becomes the event.", {"order": 17}),
            needs_body=False,
            answers={
                202: Answer("Recorded; its handler starts.", ref("AcceptedEvent"))
            },
            refusals=(
                missing("There is no enabled trigger at this address."),
                unauthenticated("The signature is not right.", "invalid_signature"),
                too_large("The body is over 1 MiB."),
            ),
        ),
        (TriggerViewSet, "list"): Operation(
            id="listTriggers",
            summary="List triggers",
            query={
                "kind": text("", "schedule", choices=(*TriggerKind.values, "http")),
                "enabled": flag(),
            },
            answers=paged("Trigger"),
        ),
        (TriggerViewSet, "create"): Operation(
            id="createTrigger",
            summary="Create a trigger",
            body=ref("NewTrigger"),
            once=True,
            answers=shown("Trigger", "The trigger, never with its secret.", 201),
            refusals=(
                _TAKEN,
                missing("There is no such project, or no such workflow to start."),
            ),
        ),
        (TriggerViewSet, "retrieve"): Operation(
            id="getTrigger",
            summary="Get a trigger",
            answers=shown("Trigger", "The trigger."),
        ),
        (TriggerViewSet, "partial_update"): Operation(
            id="updateTrigger",
            summary="Change a trigger",
            body=ref("TriggerChanges"),
            answers=shown("Trigger", "The changed trigger."),
            refusals=(_TAKEN, _ELSEWHERE),
        ),
        (TriggerViewSet, "destroy"): Operation(
            id="deleteTrigger",
            summary="Delete a trigger",
            answers=nothing("Its fires are deleted, its runs go on."),
            refusals=(_ELSEWHERE,),
        ),
        (TriggerViewSet, "fires"): Operation(
            id="listTriggerFires",
            summary="List fires of a trigger",
            query={"status": text("", "success", choices=FireStatus.values)},
            answers=paged("TriggerFire"),
        ),
        (TriggerViewSet, "fire"): Operation(
            id="fireTrigger",
            summary="Fire a trigger by hand",
            body=body(
                "",
                optional={"inputs": mapping("What runs get as `event`.", {"n": 1})},
                example={"inputs": {"n": 1}},
            ),
            needs_body=False,
            once=True,
            answers=shown("TriggerFire", "Its runs, or why there are none.", 202),
            refusals=(conflict("The trigger is disabled."),),
        ),
    },
    schemas=SCHEMAS,
    places={
        "trigger": place("The id of a trigger.", id_example(IdKind.TRIGGER)),
        "handle": place("The handle in a public address.", "orders-4f1c"),
    },
)
