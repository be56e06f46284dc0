"""Where providers reach integrations."""

from django.conf import settings

from apps.integrations.models import Integration


def receive_url(integration: Integration) -> str:
    """Return where the provider's deliveries reach the integration."""
    base = settings.PUBLIC_URL.rstrip("/")
    return f"{base}/v1/integrations/{integration.provider}/{integration.handle}"
