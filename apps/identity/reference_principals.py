"""What the reference says of principals, and of service accounts, which are some of
them in older words."""

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
    instant,
    listing,
    record,
    ref,
    tag_filter,
    text,
)
from apps.identity.models import PrincipalKind, Purpose
from apps.identity.principal_requests import (
    CREATABLE_KINDS,
    CREATABLE_PURPOSES,
    DESCRIPTION_CHARS_MAX,
)
from apps.identity.principal_views import PrincipalViewSet
from apps.identity.reference_words import (
    EMAIL,
    LAST_MANAGER,
    METADATA,
    NEW_OWNER,
    NOT_HELD,
    OWNER,
    PRINCIPAL,
    PROJECT,
    ROLE_IDS,
    TAGS,
    name,
    role_ids,
    role_names,
)
from apps.identity.service_account_views import ServiceAccountViewSet
from apps.kernel.ids import ID_LENGTH_MAX, IdKind

_NAME: Final = name("Unique in the project.", "ci")
_STATE: Final = text(
    "Keys of a disabled one are not taken, from the next request on.",
    choices=("active", "disabled"),
)
_ALL_ROLES: Final = role_ids(
    "All its roles: others are taken.", maxLength=ID_LENGTH_MAX
)
#: What can be said of principals and of accounts.
_SAID: Final[dict[str, Schema]] = {
    "description": text("", "Builds and ships", maxLength=DESCRIPTION_CHARS_MAX),
    "owner_id": NEW_OWNER,
    "metadata": METADATA,
    "tags": TAGS,
}
_SHOWN: Final[dict[str, Schema]] = {
    "role_ids": ROLE_IDS,
    "metadata": METADATA,
    "tags": TAGS,
    "created_at": instant(),
    "updated_at": instant(),
}
_TOLD: Final[dict[str, Schema]] = {
    "description": text("", "Builds and ships"),
    "owner_id": OWNER,
}
_TAKEN: Final = conflict("A principal of this name exists already.")
_HAS_KEYS: Final = conflict(
    "It has live keys; revoke them first. `details.key_ids` are the first 20.",
    "principal_has_keys",
)
_IS_AGENTS: Final = conflict(
    "It is the principal of an agent: delete the agent.", "principal_has_agent"
)

_PRINCIPALS: Final = Part(
    title="Principals and roles",
    about="Who can act in a project (people, services, agents), and what they may.",
    operations={
        (PrincipalViewSet, "list"): Operation(
            id="listPrincipals",
            summary="List principals",
            query={
                "kind": text("Only these.", "agent", choices=PrincipalKind.values),
                "include_disabled": flag("Disabled ones as well."),
                "tag": tag_filter(),
            },
            answers=paged("Principal", "A page, newest first, without deleted ones."),
        ),
        (PrincipalViewSet, "create"): Operation(
            id="createPrincipal",
            summary="Create a principal",
            body=ref("NewPrincipal"),
            once=True,
            answers=shown("Principal", "The principal with its roles.", 201),
            refusals=(_TAKEN, NOT_HELD),
        ),
        (PrincipalViewSet, "retrieve"): Operation(
            id="getPrincipal",
            summary="Get a principal",
            answers=shown("Principal", "The principal, a deleted one too."),
        ),
        (PrincipalViewSet, "partial_update"): Operation(
            id="updatePrincipal",
            summary="Change a principal, or switch it off and on",
            body=ref("PrincipalChanges"),
            answers=shown("Principal", "The changed principal."),
            refusals=(
                conflict("The name is taken, or the principal is deleted."),
                LAST_MANAGER,
                NOT_HELD,
            ),
        ),
        (PrincipalViewSet, "destroy"): Operation(
            id="deletePrincipal",
            summary="Delete a principal",
            answers=nothing(
                "Disabled for good, without roles and groups; its name is free."
            ),
            refusals=(_HAS_KEYS, _IS_AGENTS, LAST_MANAGER),
        ),
    },
    schemas={
        "Principal": record(
            "Somebody who can act.",
            {
                "id": PRINCIPAL,
                "project_id": PROJECT,
                "kind": text("", "service", choices=PrincipalKind.values),
                "state": text("", choices=("active", "disabled", "deleted")),
                "name": text("", "ci"),
                "role_names": listing(text("", "Operator")),
                **_SHOWN,
            },
            {"email": EMAIL, **_TOLD},
        ),
        "NewPrincipal": body(
            "",
            {"name": _NAME},
            {
                "kind": {
                    **text("", "service", choices=CREATABLE_KINDS),
                    "default": PrincipalKind.SERVICE.value,
                },
                "email": EMAIL,
                **_SAID,
                "role_ids": role_ids("Roles that it gets."),
                "role_names": role_names("The same by name; both together count."),
            },
            example={"name": "ci", "kind": "service", "role_names": ["Operator"]},
        ),
        "PrincipalChanges": body(
            "What is absent stays.",
            optional={
                "name": _NAME,
                **_SAID,
                "state": _STATE,
                "role_ids": _ALL_ROLES,
            },
            example={"state": "disabled"},
        ),
    },
    places={
        "principal_id": place("The id of a principal.", id_example(IdKind.PRINCIPAL))
    },
)

_ACCOUNTS: Final = Part(
    title="Service accounts",
    about="Services and agents, in the words of older clients: principals of the same"
    " ids.",
    operations={
        (ServiceAccountViewSet, "list"): Operation(
            id="listServiceAccounts",
            summary="List service accounts",
            query={
                "purpose": text("Only these.", choices=Purpose.values),
                "tag": tag_filter(),
            },
            answers=paged(
                "ServiceAccount", "A page, newest first, disabled ones included."
            ),
        ),
        (ServiceAccountViewSet, "create"): Operation(
            id="createServiceAccount",
            summary="Create a service account",
            body=ref("NewServiceAccount"),
            once=True,
            answers=shown("ServiceAccount", "The account with its roles.", 201),
            refusals=(_TAKEN, NOT_HELD),
        ),
        (ServiceAccountViewSet, "retrieve"): Operation(
            id="getServiceAccount",
            summary="Get a service account",
            answers=shown("ServiceAccount", "The account."),
        ),
        (ServiceAccountViewSet, "partial_update"): Operation(
            id="updateServiceAccount",
            summary="Change a service account, or switch it off and on",
            body=ref("ServiceAccountChanges"),
            answers=shown("ServiceAccount", "The changed account."),
            refusals=(
                conflict("It was deleted just now."),
                LAST_MANAGER,
                NOT_HELD,
            ),
        ),
        (ServiceAccountViewSet, "destroy"): Operation(
            id="deleteServiceAccount",
            summary="Delete a service account",
            answers=nothing("It is gone, and its name is free."),
            refusals=(_HAS_KEYS, _IS_AGENTS, LAST_MANAGER),
        ),
    },
    schemas={
        "ServiceAccount": record(
            "A service or an agent.",
            {
                "id": PRINCIPAL,
                "user_id": {**PRINCIPAL, "description": "The id once more."},
                "name": text("", "ci"),
                "display_name": text("The name once more.", "ci"),
                "purpose": text("", choices=Purpose.values),
                "status": text("", choices=("active", "disabled")),
                **_SHOWN,
            },
            _TOLD,
        ),
        "NewServiceAccount": body(
            "",
            {"name": _NAME},
            {
                "purpose": {
                    **text(
                        "Those of agents are agents, others services.",
                        choices=CREATABLE_PURPOSES,
                    ),
                    "default": Purpose.API_CLIENT.value,
                },
                **_SAID,
                "role_ids": role_ids("Roles that it gets."),
            },
        ),
        "ServiceAccountChanges": body(
            "What is absent stays; so do name and purpose.",
            optional={**_SAID, "status": _STATE, "role_ids": _ALL_ROLES},
            example={"status": "disabled"},
        ),
    },
    places={"account_id": place("The id of an account.", id_example(IdKind.PRINCIPAL))},
)

PARTS: Final = (_PRINCIPALS, _ACCOUNTS)
