"""How Django calls this app on its pages."""

from django.apps import AppConfig


class TriggersConfig(AppConfig):
    """Triggers."""

    name = "apps.triggers"
    verbose_name = "Triggers"
