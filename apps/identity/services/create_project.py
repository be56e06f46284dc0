"""Create a project."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity.handles import check_handle, derive_handle
from apps.identity.models import Organization, Project
from apps.kernel.errors import Conflict


def create_project(
    organization: Organization,
    *,
    name: str,
    handle: str = "",
    description: str = "",
    now: datetime,
) -> Project:
    """Create a project; its handle is made from the name and never changes.

    Raises:
        Invalid: the handle is malformed.
        Conflict: the handle is taken.
    """
    handle = check_handle(handle or derive_handle(name))
    try:
        with transaction.atomic():
            return Project.objects.create(
                organization=organization,
                name=name,
                handle=handle,
                description=description,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        raise Conflict(f"project {handle} exists already", handle=handle) from None
