"""How Django calls this app on its pages."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Agents."""

    name = "apps.agents"
    verbose_name = "Agents"
