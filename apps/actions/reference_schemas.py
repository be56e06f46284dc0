"""What actions, the catalogue and calls look like in requests and answers."""

from typing import Final

from apps.actions.headers import HEADERS
from apps.actions.models import (
    EndpointKind,
    InvocationFormat,
    InvocationOrigin,
    InvocationStatus,
    Risk,
)
from apps.actions.names import NAME_CHARS_MAX, NAME_PATTERN
from apps.actions.requests import (
    ANNOTATIONS,
    DESCRIPTION_CHARS_MAX,
    SECONDS_MAX,
    TITLE_CHARS_MAX,
)
from apps.actions.services.create_action import SECONDS_DEFAULT
from apps.api.schemas import (
    Schema,
    anything,
    body,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    nullable,
    number,
    record,
    ref,
    text,
    whole,
)
from apps.deliveries.client import URL_CHARS_MAX
from apps.kernel.ids import IdKind

_NAME: Final = text(
    "Unique in the project; names of the platform's own are reserved.",
    "charge-card",
    minLength=1,
    maxLength=NAME_CHARS_MAX,
    pattern=f"^{NAME_PATTERN}$",
)
_KIND: Final = text(
    "An endpoint of yours, or a name that workers serve.",
    "http",
    choices=EndpointKind.values,
)
_KINDS: Final = text("", "http", choices=("builtin", *EndpointKind.values))
_FORMAT: Final = text(
    "What the body of a call is.",
    "signed_context_v1",
    choices=InvocationFormat.values,
)
_RISK: Final = text("In wrong hands.", "medium", choices=Risk.values)
_MARKS: Final[dict[str, Schema]] = {name: flag("", False) for name in ANNOTATIONS}
_JSON_SCHEMA: Final = mapping("A JSON Schema.", {"type": "object"})
_SECONDS: Final = number(
    "How long a call may take, in seconds.",
    SECONDS_DEFAULT,
    exclusiveMinimum=0,
    maximum=SECONDS_MAX,
)
_TITLE: Final = text("", "Charge a card", maxLength=TITLE_CHARS_MAX)
_DESCRIPTION: Final = text(
    "", "Takes money from a card", maxLength=DESCRIPTION_CHARS_MAX
)
_URL: Final = text("", "https://example.com/charge", maxLength=URL_CHARS_MAX)
_HEADERS: Final = {
    **HEADERS,
    "description": "Sent with each call of `http`; a value may name a secret, whose key"
    " `allowed_origins` names the endpoint's origin.",
    "examples": [{"Authorization": {"secret": "bank", "key": "token"}}],
}
_CHANGES: Final[dict[str, Schema]] = {
    "title": _TITLE,
    "description": _DESCRIPTION,
    "endpoint_url": {**_URL, "description": "Required of `http`, refused of `worker`."},
    "invocation_format": _FORMAT,
    "headers": _HEADERS,
    "input_schema": nullable(_JSON_SCHEMA),
    "output_schema": nullable(_JSON_SCHEMA),
    "annotations": body("What a call does to the world.", optional=_MARKS),
    "tags": ref("Tags"),
    "risk": _RISK,
    "timeout_seconds": _SECONDS,
    "enabled": flag("Can it be called?"),
}
_KEY: Final = {
    "secret_ref": text("Which key signs, as calls name it.", "mobius/action/act_01"),
    "secret_version": whole("Its version, from 1."),
}
_SHOWN_KEY: Final = text("Base64 of the key: shown this once.", "bXktMzItYnl0ZXM=")
_OWN: Final[dict[str, Schema]] = {
    "id": identifier(IdKind.ACTION),
    "name": text("", "charge-card"),
    "endpoint_kind": _KIND,
    "invocation_format": _FORMAT,
    "annotations": record("", {}, _MARKS),
    "tags": mapping("", {"team": "web"}, values=text("", "web")),
    "risk": _RISK,
    "timeout_seconds": number("", SECONDS_DEFAULT),
    "enabled": flag(""),
    "created_at": instant(),
    "updated_at": instant(),
}
_OWN_SOMETIMES: Final[dict[str, Schema]] = {
    "title": text("", "Charge a card"),
    "description": text("", "Takes money from a card"),
    "endpoint_url": text("", "https://example.com/charge"),
    "headers": _HEADERS,
    "input_schema": _JSON_SCHEMA,
    "output_schema": _JSON_SCHEMA,
    **_KEY,
    "created_by": text("The principal.", id_example(IdKind.PRINCIPAL)),
}
_LOCATION: Final = text("", "managed", choices=("managed", "worker"))
_ENTRY: Final[dict[str, Schema]] = {
    "name": text("", "charge-card"),
    "endpoint_kind": _KINDS,
    "source": text("", "custom", choices=("platform", "custom")),
    "definition_scope": text("", "project", choices=("platform", "project")),
    "readiness": text("", "ready", choices=("ready", "needs_setup")),
    "available": flag("The same as ready."),
    "execution": record(
        "Where it runs.",
        {"supported_locations": listing(_LOCATION), "default_location": _LOCATION},
        {
            "required_worker_capabilities": listing(text("", "charge-card")),
            "queue": text("Where its jobs wait for a worker.", "default"),
        },
    ),
    "risk": _RISK,
    "annotations": record("", {}, _MARKS),
}
_ENTRY_SOMETIMES: Final[dict[str, Schema]] = {
    **{name: each for name, each in _OWN.items() if name not in _ENTRY},
    **_OWN_SOMETIMES,
    "readiness_reason": text(
        "", "no_live_worker", choices=("no_live_worker", "disabled")
    ),
}
STATUS: Final = text("", "completed", choices=InvocationStatus.values)

SCHEMAS: Final[dict[str, Schema]] = {
    "Action": record("An action of the project's own.", _OWN, _OWN_SOMETIMES),
    "MadeAction": record(
        "An action, with the key that signs its calls if they are signed.",
        _OWN,
        {**_OWN_SOMETIMES, "signing_secret": _SHOWN_KEY},
    ),
    "NewAction": body(
        "",
        {"name": _NAME},
        {"endpoint_kind": _KIND, **_CHANGES},
        example={"name": "charge-card", "endpoint_url": "https://example.com/charge"},
    ),
    "ActionChanges": body(
        "What is absent stays; name and kind never change. Null takes a schema away.",
        optional=_CHANGES,
        example={"enabled": False},
    ),
    "ActionKey": record("A new key.", {**_KEY, "signing_secret": _SHOWN_KEY}),
    "CatalogEntry": record(
        "What can be called: the platform's, the project's own, what workers offer.",
        _ENTRY,
        _ENTRY_SOMETIMES,
    ),
    "ActionCall": body(
        "",
        optional={
            "input": mapping("Has to fit the action's schema.", {"amount": 12}),
            "timeout_seconds": whole(
                "Then the call has failed.",
                int(SECONDS_DEFAULT),
                minimum=1,
                maximum=SECONDS_MAX,
            ),
            "dry_run": flag("Check, and do nothing.", False),
        },
        example={"input": {"amount": 12}},
    ),
    "ActionResult": record(
        "How a direct call stands.",
        {"status": text("", "completed", choices=("active", "completed", "failed"))},
        {
            "job_id": identifier(IdKind.JOB, "When a worker does it."),
            "output": mapping(
                "An output that is no object stands under `output`.", {"charged": 12}
            ),
            "error": text("", "the endpoint answered 503"),
        },
    ),
    "ActionInvocation": record(
        "One call, with all of its attempts.",
        {
            "id": identifier(IdKind.INVOCATION),
            "action_name": text("", "charge-card"),
            "source": text("", "custom", choices=("platform", "custom")),
            "endpoint_kind": _KINDS,
            "origin": text("", "loop_action_step", choices=InvocationOrigin.values),
            "delivery_id": identifier(
                IdKind.INVOCATION, "`X-Mobius-Delivery-Id` of its HTTP calls."
            ),
            "parameters": mapping("What it was called with.", {"amount": 12}),
            "status": STATUS,
            "retry_count": whole("", 0),
            "created_at": instant(),
            "started_at": instant(),
        },
        {
            "action_id": identifier(IdKind.ACTION, "Of one of the project's own."),
            "actor_principal_id": text("", id_example(IdKind.PRINCIPAL)),
            "actor_principal_type": text("", "service"),
            "run_id": identifier(IdKind.RUN),
            "loop_id": text("What defined the run.", id_example(IdKind.WORKFLOW)),
            "step_name": text("", "charge"),
            "job_id": identifier(IdKind.JOB),
            "output_summary": record("", {"bytes": whole("", 17)}),
            "output": anything("Of direct calls only."),
            "http_status": whole("The last answer's.", 200),
            "secret_version": whole("Of the key that signed."),
            "error_type": text("", "HTTPError"),
            "error_message": text("", "the endpoint answered 503"),
            "finished_at": instant(),
        },
    ),
}
