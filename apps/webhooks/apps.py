"""How Django calls this app on its pages."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhooks."""

    name = "apps.webhooks"
    verbose_name = "Webhooks"
