"""Create an integration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, Final

from django.db import IntegrityError, transaction

from apps.integrations.models import Integration
from apps.integrations.uniqueness import taken
from apps.kernel.ids import IdKind, new_id
from apps.secrets.cipher import seal

HANDLE_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class NewIntegration:
    """An integration as it was sent."""

    name: str
    provider: str
    enabled: bool = True
    config: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)


@transaction.atomic
def create_integration(
    project_id: str, new: NewIntegration, *, created_by: str, now: datetime
) -> Integration:
    """Create an integration with an address of its own, which nobody can guess.

    Raises:
        Conflict: the project has an integration of this name.
    """
    integration_id = new_id(IdKind.INTEGRATION)
    secret = {"secret": new.secret}
    integration = Integration(
        id=integration_id,
        project_id=project_id,
        name=new.name,
        provider=new.provider,
        enabled=new.enabled,
        config=dict(new.config),
        handle=token_urlsafe(HANDLE_BYTES),
        sealed_secret=seal(integration_id, secret) if new.secret else "",
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    try:
        with transaction.atomic():
            integration.save(force_insert=True)
    except IntegrityError as error:
        raise taken(error, new.name) from None
    return integration
