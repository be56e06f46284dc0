"""How Django calls this app on its pages."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Integrations."""

    name = "apps.integrations"
    verbose_name = "Integrations"
