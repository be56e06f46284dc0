"""How Django calls this app on its pages."""

from django.apps import AppConfig


class SecretsConfig(AppConfig):
    """Secrets."""

    name = "apps.secrets"
    verbose_name = "Secrets"
