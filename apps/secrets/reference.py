"""What the reference says of secrets."""

from typing import Final

from apps.api.reference import Operation, Part, conflict, nothing, paged, place, shown
from apps.api.schemas import (
    body,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    text,
    whole,
)
from apps.kernel.ids import IdKind
from apps.secrets.models import SecretState
from apps.secrets.requests import (
    DESCRIPTION_CHARS_MAX,
    KEY_PATTERN,
    KEYS_MAX,
    NAME_CHARS_MAX,
    NAME_PATTERN,
    VALUE_CHARS_MAX,
)
from apps.secrets.views import SecretVersionViewSet, SecretViewSet

_VALUES: Final = {
    **mapping(
        "Sealed at rest, and never shown again.",
        {"key": "aGVsbG8="},
        values=text("", "aGVsbG8=", maxLength=VALUE_CHARS_MAX),
        minProperties=1,
        maxProperties=KEYS_MAX,
    ),
    "propertyNames": {"pattern": f"^{KEY_PATTERN}$"},
}
_DESCRIPTION: Final = text("", "Signs our callbacks", maxLength=DESCRIPTION_CHARS_MAX)
_BY: Final = text("The principal.", "prin_01kb3v5q0dfx8ptfsywhd9c2ba")

_SCHEMAS: Final = {
    "Secret": record(
        "A secret, never with a value.",
        {
            "id": identifier(IdKind.SECRET),
            "name": text("", "callbacks"),
            "version": whole("The newest."),
            "key_names": listing(text("", "key"), "The names of its values."),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {
            "description": text("", "Signs our callbacks"),
            "created_by": _BY,
            "updated_by": _BY,
        },
    ),
    "NewSecret": body(
        "",
        {
            "name": text(
                "Unique in the project; does not begin with `sec_`.",
                "callbacks",
                maxLength=NAME_CHARS_MAX,
                pattern=f"^{NAME_PATTERN}$",
            ),
            "values": _VALUES,
        },
        {"description": _DESCRIPTION},
    ),
    "SecretChanges": body(
        "What is absent stays. `values` are replaced as a whole, as a new version.",
        optional={"description": _DESCRIPTION, "values": _VALUES},
        example={"values": {"key": "aGVsbG8="}},
    ),
    "SecretVersion": record(
        "The values of a secret at a time, without them.",
        {
            "id": identifier(IdKind.SECRET_VERSION),
            "secret_id": identifier(IdKind.SECRET),
            "version": whole(),
            "state": text("", "ENABLED", choices=SecretState.values),
            "sha256": text("Of the values, as canonical JSON.", "9f86d08188"),
            "created_at": instant(),
        },
        {"created_by": _BY, "destroyed_at": instant()},
    ),
}

PART: Final = Part(
    title="Secrets",
    about="Sealed values with versions, for what the server signs.",
    operations={
        (SecretViewSet, "list"): Operation(
            id="listSecrets", summary="List secrets", answers=paged("Secret")
        ),
        (SecretViewSet, "create"): Operation(
            id="createSecret",
            summary="Create a secret",
            body=ref("NewSecret"),
            once=True,
            answers=shown("Secret", "The secret, without its values.", 201),
            refusals=(conflict("A secret of this name exists already."),),
        ),
        (SecretViewSet, "retrieve"): Operation(
            id="getSecret", summary="Get a secret", answers=shown("Secret", "It.")
        ),
        (SecretViewSet, "partial_update"): Operation(
            id="updateSecret",
            summary="Change a secret",
            body=ref("SecretChanges"),
            answers=shown("Secret", "`version` is one more when values were sent."),
        ),
        (SecretViewSet, "destroy"): Operation(
            id="deleteSecret",
            summary="Delete a secret",
            answers=nothing("Every value is erased and the name is free."),
        ),
        (SecretVersionViewSet, "list"): Operation(
            id="listSecretVersions",
            summary="List versions of a secret",
            answers=paged("SecretVersion"),
        ),
        (SecretVersionViewSet, "retrieve"): Operation(
            id="getSecretVersion",
            summary="Get a version of a secret",
            answers=shown("SecretVersion", "The version."),
        ),
    },
    schemas=_SCHEMAS,
    places={
        "secret": place("The id or the name of a secret.", "callbacks"),
        "number": place("The number of a version, from 1.", "1"),
    },
)
