"""Reading requests about API keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.api.body import Body
from apps.api.tags import read_tags
from apps.identity.services.issue_key import NewKey
from apps.identity.services.issue_organization_key import (
    DEFAULT_ROLE,
    ROLES,
    NewOrganizationKey,
)
from apps.identity.services.update_key import KeyChanges
from apps.kernel.ids import ID_LENGTH_MAX

NAME_CHARS_MAX = 128
#: A rotated key opens so much longer at most.
OVERLAP_SECONDS_MAX = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a key is rotated."""

    overlap: timedelta
    expires_at: datetime | None


def read_new_key(data: object) -> tuple[str, NewKey]:
    """Return whose key is issued and what it is.

    The principal is named by ``principal_id`` or, in older words, by
    ``service_account_id``.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    name = body.text("name", max_length=NAME_CHARS_MAX)
    principal_id = body.text("principal_id", default="", max_length=ID_LENGTH_MAX)
    older = body.text("service_account_id", default="", max_length=ID_LENGTH_MAX)
    if body.has("principal_id") == body.has("service_account_id"):
        body.problem(
            "principal_id",
            "expected exactly one of principal_id and service_account_id",
        )
    new = NewKey(
        name=name,
        expires_at=body.moment("expires_at", default=None),
        scope_role_id=body.text("scope_role_id", default="", max_length=ID_LENGTH_MAX),
        tags=read_tags(body) or {},
        for_nobody=body.flag("allow_unassigned_principal", default=False),
    )
    body.finish()
    return principal_id or older, new


def read_new_organization_key(data: object) -> NewOrganizationKey:
    """Return a key of an organization to issue.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    new = NewOrganizationKey(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        role=body.text("role", default=DEFAULT_ROLE, choices=ROLES),
        expires_at=body.moment("expires_at", default=None),
        tags=read_tags(body) or {},
    )
    body.finish()
    return new


def read_key_changes(data: object) -> KeyChanges:
    """Return changes of a key; ``expires_at: null`` takes its end away.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = KeyChanges(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        tags=read_tags(body),
        expires_at=body.moment("expires_at", default=None),
        moves_end=body.sent("expires_at"),
    )
    body.finish()
    return changes


def read_rotation(data: object) -> Rotation:
    """Return how a key is rotated.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    seconds = body.integer("overlap_seconds", default=0, maximum=OVERLAP_SECONDS_MAX)
    rotation = Rotation(
        overlap=timedelta(seconds=seconds),
        expires_at=body.moment("expires_at", default=None),
    )
    body.finish()
    return rotation
