"""Create an organization."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity.handles import check_handle, derive_handle
from apps.identity.models import Organization
from apps.kernel.errors import Conflict


def create_organization(*, name: str, handle: str = "", now: datetime) -> Organization:
    """Create a tenant; its handle is made from the name when none is given.

    Raises:
        Invalid: the handle is malformed.
        Conflict: the handle is taken.
    """
    handle = check_handle(handle or derive_handle(name))
    try:
        with transaction.atomic():
            return Organization.objects.create(name=name, handle=handle, created_at=now)
    except IntegrityError:
        raise Conflict(f"organization {handle} exists already", handle=handle) from None
