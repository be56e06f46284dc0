"""How Django calls this app on its pages."""

from django.apps import AppConfig


class ActionsConfig(AppConfig):
    """Actions."""

    name = "apps.actions"
    verbose_name = "Actions"
