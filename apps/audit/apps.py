"""Configuration of the app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit log."""

    name = "apps.audit"
    default_auto_field = "django.db.models.BigAutoField"
