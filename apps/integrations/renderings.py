"""Integrations as the API shows them: never with a secret."""

from typing import Any

from apps.api.rendering import instant, present
from apps.integrations.addresses import receive_url
from apps.integrations.models import Integration, Provider


def render_integration(integration: Integration) -> dict[str, Any]:
    """Return an integration; ``last_event_at`` is there if the selector found it."""
    has_secret = bool(integration.sealed_secret)
    return present(
        id=integration.id,
        name=integration.name,
        provider=integration.provider,
        enabled=integration.enabled,
        config=integration.config,
        has_secret=None if integration.provider == Provider.GMAIL else has_secret,
        handle=integration.handle,
        receive_url=receive_url(integration),
        last_event_at=instant(getattr(integration, "last_event_at", None)),
        created_by=integration.created_by or None,
        created_at=instant(integration.created_at),
        updated_at=instant(integration.updated_at),
    )
