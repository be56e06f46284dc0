"""Create a project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity.actor import Actor
from apps.identity.handles import check_handle, derive_handle
from apps.identity.models import Organization, Project
from apps.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project to create; its handle is made from the name when none is given."""

    name: str
    handle: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def create_project(
    organization: Organization, new: NewProject, *, by: Actor, now: datetime
) -> Project:
    """Create a project in which nobody is yet. Its handle never changes.

    Raises:
        Invalid: the handle is malformed.
        Conflict: the handle is taken.
    """
    handle = check_handle(new.handle or derive_handle(new.name))
    try:
        with transaction.atomic():
            return Project.objects.create(
                organization=organization,
                name=new.name,
                handle=handle,
                description=new.description,
                tags=dict(new.tags),
                created_by=by.signature,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        raise Conflict(f"project {handle} exists already", handle=handle) from None
