"""Reading requests about groups."""

from typing import Any

from apps.api.body import Body
from apps.interactions.models import RoutingPolicy
from apps.interactions.services.groups.create_group import NewGroup
from apps.interactions.services.groups.update_group import GroupChanges
from apps.kernel.ids import ID_LENGTH_MAX

NAME_CHARS_MAX = 128
DESCRIPTION_CHARS_MAX = 10_000


def read_new_group(data: object) -> NewGroup:
    """Return a group to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    name = body.text("name", max_length=NAME_CHARS_MAX)
    handle = body.text("handle", default="", max_length=NAME_CHARS_MAX)
    description = _description(body, default="")
    policy = _policy(body, default=RoutingPolicy.FIRST_RESPONDER)
    body.finish()
    return NewGroup(name, handle, description, RoutingPolicy(policy))


def read_group_changes(data: object) -> GroupChanges:
    """Return changes of a group.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    name = body.text("name", default=None, max_length=NAME_CHARS_MAX)
    description = _description(body, default=None)
    policy = _policy(body, default=None)
    if body.value("handle", default=None) is not None:
        body.problem("handle", "never changes")
    body.finish()
    return GroupChanges(name, description, policy and RoutingPolicy(policy))


def read_new_group_member(data: object) -> str:
    """Return the id of who is added to a group.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    user_id: str = body.text("user_id", max_length=ID_LENGTH_MAX)
    body.finish()
    return user_id


def _description(body: Body, default: str | None) -> Any:
    return body.text(
        "description", default=default, min_length=0, max_length=DESCRIPTION_CHARS_MAX
    )


def _policy(body: Body, default: str | None) -> Any:
    return body.text("routing_policy", default=default, choices=RoutingPolicy.values)
