"""What the reference says of integrations and the catalogue."""

from typing import Final

from apps.api.reference import (
    Answer,
    Operation,
    Part,
    conflict,
    denied,
    missing,
    nothing,
    paged,
    place,
    shown,
    too_large,
    unauthenticated,
    unavailable,
)
from apps.api.schemas import (
    anything,
    body,
    either,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    text,
)
from apps.integrations.configs import KEYS_MAX, TEXT_CHARS_MAX
from apps.integrations.models import Provider
from apps.integrations.receiving import ReceivingViewSet
from apps.integrations.requests import (
    NAME_CHARS_MAX,
    SECRET_CHARS_MAX,
    SECRET_CHARS_MIN,
)
from apps.integrations.views import EventCatalogViewSet, IntegrationViewSet
from apps.kernel.ids import IdKind

_PROVIDER: Final = text("", "github", choices=Provider.values)
_NAME: Final = text(
    "Unique in the project.", "Code", minLength=1, maxLength=NAME_CHARS_MAX
)
_SECRET: Final = text(
    "With which the provider signs. Gmail has none: Google signs.",
    "keep-it-safe",
    minLength=SECRET_CHARS_MIN,
    maxLength=SECRET_CHARS_MAX,
)
_CONFIG: Final = either(
    body("Of every provider but Gmail."),
    body(
        "Of Gmail.",
        {
            "service_account_email": text(
                "Who signs for the Pub/Sub subscription.",
                "push@project.iam.gserviceaccount.com",
                maxLength=TEXT_CHARS_MAX,
                pattern=r"^[^@\s]+@\S+$",
            )
        },
        {
            "audience": text(
                "What its tokens are made out to; the receive URL if absent.",
                "https://mobius.example.com",
                minLength=1,
                maxLength=TEXT_CHARS_MAX,
            ),
            "subscription": text(
                "The only one that may report.",
                "projects/p/subscriptions/s",
                minLength=1,
                maxLength=TEXT_CHARS_MAX,
            ),
            "public_keys": listing(
                anything("An RSA public key, as PEM or JWK.", "-----BEGIN PUBLIC…"),
                "Instead of the keys that Google publishes.",
                maxItems=KEYS_MAX,
            ),
        },
    ),
    about="Replaced as a whole.",
    example={},
)

_SCHEMAS: Final = {
    "Integration": record(
        "A provider that reports here, never with its secret.",
        {
            "id": identifier(IdKind.INTEGRATION),
            "name": text("", "Code"),
            "provider": _PROVIDER,
            "enabled": flag(),
            "config": mapping("", {}),
            "handle": text("The end of its address.", "b7c1"),
            "receive_url": text(
                "What to enter at the provider.",
                "http://127.0.0.1:8000/v1/integrations/github/b7c1",
            ),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {
            "has_secret": flag("Not with Gmail."),
            "last_event_at": instant("Of those that are still kept."),
            "created_by": text("", id_example(IdKind.PRINCIPAL)),
        },
    ),
    "NewIntegration": body(
        "`secret` is required but for Gmail.",
        {"name": _NAME, "provider": _PROVIDER},
        {"secret": _SECRET, "config": _CONFIG, "enabled": flag()},
        example={"name": "Code", "provider": "github", "secret": "keep-it-safe"},
    ),
    "IntegrationChanges": body(
        "What is absent stays; the provider always does. A new `secret` counts at"
        " once.",
        optional={
            "name": _NAME,
            "provider": _PROVIDER,
            "secret": _SECRET,
            "config": _CONFIG,
            "enabled": flag(),
        },
        example={"enabled": False},
    ),
}

_TAKEN: Final = conflict("An integration of this name exists already.")

PART: Final = Part(
    title="Integrations",
    about="Webhooks of providers, verified and mapped to source events.",
    operations={
        (ReceivingViewSet, "receive"): Operation(
            id="receiveIntegrationDelivery",
            summary="Take a delivery of a provider",
            about="Needs no key: the provider's own signature counts, in the provider's"
            " own headers. A repeated delivery is taken once.",
            body=anything("What the provider sends.", {"action": "opened"}),
            body_media="*/*",
            needs_body=False,
            answers={
                202: Answer("Recorded.", ref("AcceptedEvent")),
                200: Answer(
                    "What a provider takes for success, or the answer to one that only"
                    " looks whether we are there: recorded for Linear, empty for Slack,"
                    " `challenge` for Slack's question, `pong` for GitHub's.",
                    either(
                        ref("AcceptedEvent"),
                        record("Of Slack.", {"challenge": text("", "3eZbrw1aBm2r")}),
                        record("Of GitHub.", {"status": text("", choices=("pong",))}),
                    ),
                ),
            },
            refusals=(
                missing("There is no enabled integration of the provider here."),
                unauthenticated("The signature is not right.", "invalid_signature"),
                unauthenticated("It was signed too long ago.", "stale_signature"),
                denied("It is Google's, of another subscription."),
                too_large("The body is over what the provider may send."),
                unavailable("Google's keys cannot be had at the moment."),
            ),
        ),
        (IntegrationViewSet, "list"): Operation(
            id="listIntegrations",
            summary="List integrations",
            query={"provider": _PROVIDER, "enabled": flag()},
            answers=paged("Integration"),
        ),
        (IntegrationViewSet, "create"): Operation(
            id="createIntegration",
            summary="Connect a provider",
            body=ref("NewIntegration"),
            once=True,
            answers=shown("Integration", "Enter its `receive_url` there.", 201),
            refusals=(_TAKEN,),
        ),
        (IntegrationViewSet, "retrieve"): Operation(
            id="getIntegration",
            summary="Get an integration",
            answers=shown("Integration", "The integration."),
        ),
        (IntegrationViewSet, "partial_update"): Operation(
            id="updateIntegration",
            summary="Change an integration",
            body=ref("IntegrationChanges"),
            answers=shown("Integration", "The changed integration."),
            refusals=(_TAKEN,),
        ),
        (IntegrationViewSet, "destroy"): Operation(
            id="deleteIntegration",
            summary="Delete an integration",
            answers=nothing("The events that came through it stay."),
        ),
        (EventCatalogViewSet, "list"): Operation(
            id="getEventCatalog",
            summary="List the types of events",
            answers=shown(
                "EventCatalog",
                "Those of a provider are ready once an integration with it is enabled.",
            ),
        ),
    },
    schemas=_SCHEMAS,
    places={
        "integration": place(
            "The id of an integration.", id_example(IdKind.INTEGRATION)
        ),
        "provider": place("The provider.", "github"),
    },
)
