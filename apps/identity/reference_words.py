"""What several chapters about access say alike."""

from typing import Any, Final

from apps.api.reference import Refusal, conflict, denied
from apps.api.schemas import (
    Schema,
    id_example,
    identifier,
    listing,
    mapping,
    ref,
    text,
)
from apps.identity.principal_requests import (
    DESCRIPTION_CHARS_MAX,
    METADATA_BYTES_MAX,
    NAME_CHARS_MAX,
    ROLES_MAX,
)
from apps.kernel.ids import ID_LENGTH_MAX, IdKind

PROJECT: Final = identifier(IdKind.PROJECT)
PRINCIPAL: Final = identifier(IdKind.PRINCIPAL)
ROLE_IDS: Final = listing(identifier(IdKind.ROLE))
TAGS: Final = ref("Tags")
EMAIL: Final = text("", "ada@example.com", format="email", minLength=1, maxLength=254)
DESCRIPTION: Final = text("", "Builds and ships", maxLength=DESCRIPTION_CHARS_MAX)
OWNER: Final = text(
    "The principal of this project who answers for it.", id_example(IdKind.PRINCIPAL)
)
NEW_OWNER: Final = text(
    "The principal of this project who answers for it; empty for nobody.",
    id_example(IdKind.PRINCIPAL),
    maxLength=ID_LENGTH_MAX,
)
METADATA: Final = mapping(
    f"Anything; at most {METADATA_BYTES_MAX:,} bytes of JSON.", {"team": "web"}
)
WHO: Final = text(
    "A principal; `account:…` for an account on the admin pages; `operator`.",
    id_example(IdKind.PRINCIPAL),
)
NOT_HELD: Final = denied(
    "Nobody passes on a permission that they do not hold; `details.permissions` names"
    " them."
)
LAST_MANAGER: Final[Refusal] = conflict(
    "Nobody would be left who can manage access.", "last_access_manager"
)


def name(about: str, example: str, length: int = NAME_CHARS_MAX) -> Schema:
    """Return a name in a request."""
    return text(about, example, minLength=1, maxLength=length)


def named(kind: IdKind, about: str = "") -> Schema:
    """Return an id in a request."""
    return text(about, id_example(kind), minLength=1, maxLength=ID_LENGTH_MAX)


def role_ids(about: str, **limits: Any) -> Schema:
    """Return ids of roles in a request."""
    most = {"maxLength": 255, **limits}
    item = text("", id_example(IdKind.ROLE), minLength=1, **most)
    return listing(item, about, maxItems=ROLES_MAX)


def role_names(about: str) -> Schema:
    """Return names of roles in a request."""
    item = text("", "Operator", minLength=1, maxLength=255)
    return listing(item, about, maxItems=ROLES_MAX)


def one_of(*fields: str) -> dict[str, Any]:
    """Return that exactly one of these fields is sent."""
    return {"oneOf": [{"required": [field]} for field in fields]}
