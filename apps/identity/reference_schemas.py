"""What access looks like in requests and answers."""

from typing import Final

from apps.api.schemas import (
    Schema,
    body,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    nullable,
    record,
    text,
    whole,
)
from apps.identity.models import KEEP_DAYS_MAX, PrincipalKind
from apps.identity.permissions import Permission
from apps.identity.retention import FIELDS
from apps.kernel.ids import ID_LENGTH_MAX, IdKind

_EMAIL: Final = text("", "ada@example.com", format="email", maxLength=254)
_PROJECT: Final = identifier(IdKind.PROJECT)
_PRINCIPAL: Final = identifier(IdKind.PRINCIPAL)
_NAME: Final = text("Unique in the project.", "ci", minLength=1, maxLength=128)
_NAMED_PRINCIPAL: Final = text(
    "", id_example(IdKind.PRINCIPAL), minLength=1, maxLength=ID_LENGTH_MAX
)
_DAYS: Final[dict[str, Schema]] = {
    field: whole(about, 30, minimum=1, maximum=KEEP_DAYS_MAX)
    for field, about in zip(
        FIELDS,
        (
            "Finished runs, with all that is theirs.",
            "Their timelines; never longer than the run.",
            "Public source events.",
        ),
        strict=True,
    )
}
_KEY: Final = {
    "id": identifier(IdKind.API_KEY),
    "name": text("", "ci"),
    "key_prefix": text("The beginning of the secret.", "mbx_5oeC"),
    "project_id": _PROJECT,
    "principal_id": _PRINCIPAL,
    "created_at": instant(),
    "updated_at": instant(),
}
_KEY_TIMES: Final = {
    "expires_at": instant("From then on it is not taken."),
    "revoked_at": instant(),
    "last_used_at": instant("Within a minute."),
}


def _role_names(about: str) -> Schema:
    name = text("", "Operator", minLength=1, maxLength=255)
    return listing(name, about, maxItems=20)


PROJECTS: Final = {
    "Project": record(
        "",
        {
            "id": _PROJECT,
            "name": text("", "Default"),
            "handle": text("What paths call it.", "default"),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {"description": text("", "Everything about documents")},
    ),
    "Retention": record(
        "Days. Null where the project leaves it to the server.",
        {
            **{field: nullable(schema) for field, schema in _DAYS.items()},
            "in_force": record("What counts.", _DAYS),
        },
    ),
    "RetentionChanges": body(
        "What is absent stays; null leaves it to the server.",
        optional={field: nullable(schema) for field, schema in _DAYS.items()},
        example={"keep_runs_days": 30},
    ),
}

ACCESS: Final = {
    "ApiKey": record("A key without its secret.", _KEY, _KEY_TIMES),
    "IssuedApiKey": record(
        "A new key.",
        {**_KEY, "key": text("The secret. Nobody can read it again.", "mbx_5oeC…")},
        {"expires_at": _KEY_TIMES["expires_at"]},
    ),
    "NewApiKey": body(
        "",
        {"name": _NAME, "principal_id": _NAMED_PRINCIPAL},
        {"expires_at": instant("From then on it is not taken.")},
    ),
    "Principal": record(
        "Somebody who can act.",
        {
            "id": _PRINCIPAL,
            "project_id": _PROJECT,
            "kind": text("", "service", choices=PrincipalKind.values),
            "state": text("", choices=("active", "disabled")),
            "name": text("", "ci"),
            "role_ids": listing(identifier(IdKind.ROLE)),
            "role_names": listing(text("", "Operator")),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {"email": _EMAIL},
    ),
    "NewPrincipal": body(
        "",
        {
            "name": _NAME,
            "kind": text("", "service", choices=("service", "agent", "human")),
        },
        {"email": _EMAIL, "role_names": _role_names("What it may.")},
    ),
    "Role": record(
        "A set of permissions.",
        {
            "id": identifier(IdKind.ROLE),
            "name": text("", "Operator"),
            "description": text("", "Start and steer runs, answer interactions"),
            "permissions": listing(
                text("", Permission.RUN_VIEW, choices=tuple(Permission))
            ),
            "system_defined": flag("Built in: never changes."),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {"project_id": _PROJECT},
    ),
    "RoleAssignment": record(
        "Who holds which role.",
        {
            "id": identifier(IdKind.ROLE_ASSIGNMENT),
            "project_id": _PROJECT,
            "principal_id": _PRINCIPAL,
            "role_id": identifier(IdKind.ROLE),
            "role_name": text("", "Operator"),
            "created_at": instant(),
        },
    ),
    "NewRoleAssignment": body(
        "Exactly one of `role_id` and `role_name`.",
        {"principal_id": _NAMED_PRINCIPAL},
        {
            "role_id": text(
                "", id_example(IdKind.ROLE), minLength=1, maxLength=ID_LENGTH_MAX
            ),
            "role_name": text("", "Operator", minLength=1, maxLength=64),
        },
        example={
            "principal_id": id_example(IdKind.PRINCIPAL),
            "role_name": "Operator",
        },
        oneOf=[{"required": ["role_id"]}, {"required": ["role_name"]}],
    ),
}

MEMBERS: Final = {
    "Member": record(
        "A person. `user_id` is the id once more.",
        {
            "id": _PRINCIPAL,
            "user_id": _PRINCIPAL,
            "project_id": _PROJECT,
            "name": text("", "Ada"),
            "kind": text("", choices=("human",)),
            "roles": listing(text("", "Operator"), "The names of its roles."),
            "created_at": instant(),
            "added_at": instant("The same."),
        },
        {
            "email": _EMAIL,
            "username": text("The account that signs in at the inbox.", "ada"),
        },
    ),
    "NewMember": body(
        "Exactly one of `user_id`, somebody who is here already, and `name`.",
        optional={
            "user_id": _NAMED_PRINCIPAL,
            "name": text("", "Ada", minLength=1, maxLength=128),
            "email": text(
                "Goes with `name`.",
                "ada@example.com",
                format="email",
                minLength=1,
                maxLength=254,
            ),
            "role_names": _role_names("`Operator` if absent."),
            "username": text(
                "An account that exists.", "ada", minLength=1, maxLength=150
            ),
        },
        example={"name": "Ada", "email": "ada@example.com"},
        oneOf=[{"required": ["user_id"]}, {"required": ["name"]}],
    ),
}
