"""Create a group."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity.handles import check_handle, derive_handle
from apps.interactions.models import Group, RoutingPolicy
from apps.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group as it was sent. Without a ``handle`` one is made from the name."""

    name: str
    handle: str = ""
    description: str = ""
    routing_policy: RoutingPolicy = RoutingPolicy.FIRST_RESPONDER


def create_group(project_id: str, new: NewGroup, *, now: datetime) -> Group:
    """Create a group that nobody is in yet; its handle never changes.

    Raises:
        Invalid: the handle is malformed, or the name makes none.
        Conflict: the project has a group of this handle.
    """
    handle = check_handle(new.handle) if new.handle else derive_handle(new.name)
    try:
        with transaction.atomic():
            return Group.objects.create(
                project_id=project_id,
                handle=handle,
                name=new.name,
                description=new.description,
                routing_policy=new.routing_policy,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        raise Conflict(
            f"group {handle} exists already", path="handle", handle=handle
        ) from None
