"""What the reference says of API keys."""

from typing import Final

from apps.api.reference import (
    Operation,
    Part,
    conflict,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import (
    Schema,
    body,
    flag,
    id_example,
    identifier,
    instant,
    nullable,
    record,
    ref,
    tag_filter,
    text,
    whole,
)
from apps.identity.key_requests import NAME_CHARS_MAX, OVERLAP_SECONDS_MAX
from apps.identity.key_views import ApiKeyViewSet
from apps.identity.reference_words import (
    NOT_HELD,
    PRINCIPAL,
    PROJECT,
    TAGS,
    WHO,
    name,
    named,
    one_of,
)
from apps.kernel.ids import IdKind

KEY_NAME: Final = name(
    "Unique among the live keys, of the project or of the organization.",
    "ci",
    NAME_CHARS_MAX,
)
NEW_KEY_END: Final = instant("From then on it is not taken; in the future.")
_AGAIN: Final = "The principal once more, in older words."
KEY: Final[dict[str, Schema]] = {
    "id": identifier(IdKind.API_KEY),
    "name": text("", "ci"),
    "key_prefix": text("The beginning of the secret.", "mbx_5oeC"),
    "project_id": PROJECT,
    "principal_id": PRINCIPAL,
    "service_account_id": {**PRINCIPAL, "description": _AGAIN},
    "state": text("", choices=("active", "expired", "revoked")),
    "tags": TAGS,
    "created_at": instant(),
    "updated_at": instant(),
}
TOLD: Final[dict[str, Schema]] = {
    "scope_role_id": identifier(IdKind.ROLE, "The role that caps what it opens."),
    "created_by": WHO,
    "expires_at": instant("From then on it is not taken."),
}
TIMES: Final[dict[str, Schema]] = {
    "replaced_by": identifier(IdKind.API_KEY, "The key it was rotated to."),
    "revoked_at": instant(),
    "last_used_at": instant("Within a minute."),
}
SECRET: Final[dict[str, Schema]] = {
    "key": text(
        "The secret, this once: nobody can read it again, and a repetition answers"
        " without it.",
        "mbx_5oeC…",
    )
}
NEW_KEY: Final[dict[str, Schema]] = {
    "principal_id": named(IdKind.PRINCIPAL, "Whose roles say what it opens."),
    "service_account_id": named(
        IdKind.PRINCIPAL, "The same as `principal_id`, in older words."
    ),
    "scope_role_id": named(
        IdKind.ROLE,
        "A role that caps it: it opens what both the principal and this role may do.",
    ),
    "expires_at": NEW_KEY_END,
    "tags": TAGS,
    "allow_unassigned_principal": {
        **flag("Issue it even if the principal has no roles.", False),
        "default": False,
    },
}
ONE_HOLDER: Final = one_of("principal_id", "service_account_id")
NEW_KEY_EXAMPLE: Final = {"name": "ci", "principal_id": id_example(IdKind.PRINCIPAL)}

_SCHEMAS: Final = {
    "ApiKey": record(
        "A key without its secret.",
        KEY,
        {**TOLD, **TIMES},
    ),
    "IssuedApiKey": record("A new key.", KEY, {**TOLD, **SECRET}),
    "NewApiKey": body(
        "Exactly one of `principal_id` and `service_account_id` says whose it is.",
        {"name": KEY_NAME},
        NEW_KEY,
        example=NEW_KEY_EXAMPLE,
        **ONE_HOLDER,
    ),
    "ApiKeyChanges": body(
        "What is absent stays.",
        optional={
            "name": KEY_NAME,
            "tags": TAGS,
            "expires_at": nullable(instant("In the future; null takes the end away.")),
        },
        example={"name": "ci"},
    ),
    "ApiKeyRotation": body(
        "",
        optional={
            "overlap_seconds": {
                **whole(
                    "How much longer the old key opens, never past its own end; with"
                    " 0 it is revoked at once.",
                    3600,
                    minimum=0,
                    maximum=OVERLAP_SECONDS_MAX,
                ),
                "default": 0,
            },
            "expires_at": instant(
                "When the new key ends; if absent it lives as long as the old one was"
                " given when it was issued."
            ),
        },
        example={"overlap_seconds": 3600},
    ),
}

PART: Final = Part(
    title="API keys",
    about="A key is bound to a principal, whose roles say what it may; a role of its"
    " own can cap that. One of the organization has one role, in every project.",
    operations={
        (ApiKeyViewSet, "list"): Operation(
            id="listApiKeys",
            summary="List API keys",
            query={
                "principal_id": text("Whose.", id_example(IdKind.PRINCIPAL)),
                "include_revoked": flag("Revoked ones as well."),
                "tag": tag_filter(),
            },
            answers=paged("ApiKey"),
        ),
        (ApiKeyViewSet, "create"): Operation(
            id="createApiKey",
            summary="Issue an API key",
            body=ref("NewApiKey"),
            once=True,
            answers=shown("IssuedApiKey", "The key, with its secret: this once.", 201),
            refusals=(
                conflict("A live key has this name, or the principal is disabled."),
                conflict(
                    "The key would open nothing; see `allow_unassigned_principal`.",
                    "principal_has_no_roles",
                ),
                NOT_HELD,
            ),
        ),
        (ApiKeyViewSet, "retrieve"): Operation(
            id="getApiKey",
            summary="Get an API key",
            answers=shown("ApiKey", "The key, a revoked one too."),
        ),
        (ApiKeyViewSet, "partial_update"): Operation(
            id="updateApiKey",
            summary="Change an API key",
            body=ref("ApiKeyChanges"),
            answers=shown("ApiKey", "The changed key."),
            refusals=(
                conflict("It is revoked or expired, or a live key has this name."),
                NOT_HELD,
            ),
        ),
        (ApiKeyViewSet, "rotate"): Operation(
            id="rotateApiKey",
            summary="Put a new API key in the place of one",
            about="The new key has the principal, name, cap and tags of the old one.",
            body=ref("ApiKeyRotation"),
            needs_body=False,
            once=True,
            answers=shown("IssuedApiKey", "The new key, with its secret.", 201),
            refusals=(
                conflict(
                    "It is revoked, expired or rotated already, or its principal is"
                    " disabled."
                ),
                NOT_HELD,
            ),
        ),
        (ApiKeyViewSet, "destroy"): Operation(
            id="revokeApiKey",
            summary="Revoke an API key",
            answers=nothing(
                "It is revoked, now or earlier; nothing takes it any more."
            ),
        ),
    },
    schemas=_SCHEMAS,
    places={"key_id": place("The id of a key.", id_example(IdKind.API_KEY))},
)
