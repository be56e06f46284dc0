"""Reading requests about principals and, in older words, service accounts."""

from collections.abc import Mapping
from typing import Any

from apps.api.body import Body
from apps.api.rendering import to_json
from apps.api.tags import read_tags
from apps.identity.member_requests import is_email
from apps.identity.models import PrincipalKind, Purpose
from apps.identity.services.create_principal import NewPrincipal
from apps.identity.services.update_principal import PrincipalChanges
from apps.kernel.ids import ID_LENGTH_MAX

#: Kinds a caller can create; the system's own principals are not among them.
CREATABLE_KINDS = (PrincipalKind.SERVICE, PrincipalKind.AGENT, PrincipalKind.HUMAN)
NAME_CHARS_MAX = 128
DESCRIPTION_CHARS_MAX = 10_000
METADATA_BYTES_MAX = 16_384
ROLES_MAX = 20
#: What a machine of a purpose is; others are services.
_KINDS = {Purpose.AGENT.value: PrincipalKind.AGENT}
CREATABLE_PURPOSES = (Purpose.API_CLIENT, Purpose.AGENT, Purpose.RUNTIME_WORKER)


def read_new_principal(data: object) -> NewPrincipal:
    """Return a principal to create, a service unless ``kind`` says otherwise.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    name = body.text("name", max_length=NAME_CHARS_MAX)
    kind = body.text(
        "kind",
        default=PrincipalKind.SERVICE.value,
        max_length=16,
        choices=CREATABLE_KINDS,
    )
    email = body.text("email", default="", max_length=254)
    if email and not is_email(email):
        body.problem("email", "expected an e-mail address")
    new = NewPrincipal(
        name=name,
        kind=PrincipalKind(kind),
        email=email,
        purpose=Purpose.AGENT if kind == PrincipalKind.AGENT else Purpose.API_CLIENT,
        description=_description(body) or "",
        owner_id=_owner(body) or "",
        metadata=_metadata(body) or {},
        tags=read_tags(body) or {},
        role_ids=body.texts("role_ids", default=[], max_items=ROLES_MAX),
        role_names=body.texts("role_names", default=[], max_items=ROLES_MAX),
    )
    body.finish()
    return new


def read_principal_changes(data: object) -> PrincipalChanges:
    """Return changes of a principal.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = PrincipalChanges(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        description=_description(body),
        owner_id=_owner(body),
        metadata=_metadata(body),
        tags=read_tags(body),
        disabled=_disabled(body, "state"),
        role_ids=_role_ids(body),
    )
    body.finish()
    return changes


def read_new_account(data: object) -> NewPrincipal:
    """Return a service account to create; those of agents are agents.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    purpose = body.text(
        "purpose",
        default=Purpose.API_CLIENT.value,
        choices=CREATABLE_PURPOSES,
        max_length=16,
    )
    new = NewPrincipal(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        kind=_KINDS.get(purpose, PrincipalKind.SERVICE),
        purpose=purpose,
        description=_description(body) or "",
        owner_id=_owner(body) or "",
        metadata=_metadata(body) or {},
        tags=read_tags(body) or {},
        role_ids=body.texts("role_ids", default=[], max_items=ROLES_MAX),
    )
    body.finish()
    return new


def read_account_changes(data: object) -> PrincipalChanges:
    """Return changes of a service account; its name and purpose stay.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = PrincipalChanges(
        description=_description(body),
        owner_id=_owner(body),
        metadata=_metadata(body),
        tags=read_tags(body),
        disabled=_disabled(body, "status"),
        role_ids=_role_ids(body),
    )
    body.finish()
    return changes


def _description(body: Body) -> str | None:
    found: str | None = body.text(
        "description", default=None, min_length=0, max_length=DESCRIPTION_CHARS_MAX
    )
    return found


def _owner(body: Body) -> str | None:
    found: str | None = body.text(
        "owner_id", default=None, min_length=0, max_length=ID_LENGTH_MAX
    )
    return found


def _metadata(body: Body) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = body.mapping("metadata", default=None)
    if found is not None and len(to_json(found)) > METADATA_BYTES_MAX:
        body.problem("metadata", f"expected at most {METADATA_BYTES_MAX} bytes of JSON")
    return found


def _disabled(body: Body, field: str) -> bool | None:
    state = body.text(field, default=None, choices=("active", "disabled"))
    return None if state is None else state == "disabled"


def _role_ids(body: Body) -> list[str] | None:
    if not body.has("role_ids"):
        return None
    return body.texts("role_ids", max_items=ROLES_MAX, max_length=ID_LENGTH_MAX)
