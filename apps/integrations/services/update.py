"""Change an integration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from apps.api.body import invalid_field
from apps.integrations.models import Integration, Provider
from apps.integrations.selectors import find_integration
from apps.integrations.uniqueness import taken
from apps.secrets.cipher import seal

SIGNED_BY_GOOGLE: Final = "gmail has none: Google signs with keys of its own"


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves a field alone."""

    name: str | None = None
    enabled: bool | None = None
    config: Mapping[str, Any] | None = None
    secret: str | None = field(default=None, repr=False)


@transaction.atomic
def update_integration(
    project_id: str, integration_id: str, changes: Changes, *, now: datetime
) -> Integration:
    """Change an integration; its address stays. From the commit on only the new secret
    counts.

    Raises:
        NotFound: the project has no such integration.
        Invalid: a secret for Gmail, which has none.
        Conflict: the name is taken.
    """
    integration = find_integration(project_id, integration_id, for_update=True)
    if changes.secret is not None and integration.provider == Provider.GMAIL:
        raise invalid_field("secret", SIGNED_BY_GOOGLE)
    if changes.name is not None:
        integration.name = changes.name
    if changes.enabled is not None:
        integration.enabled = changes.enabled
    if changes.config is not None:
        integration.config = dict(changes.config)
    if changes.secret is not None:
        sealed = seal(integration.id, {"secret": changes.secret})
        integration.sealed_secret = sealed
    integration.updated_at = now
    try:
        with transaction.atomic():
            integration.save()
    except IntegrityError as error:
        raise taken(error, integration.name) from None
    return integration
