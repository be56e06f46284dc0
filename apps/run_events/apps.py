"""How Django calls this app on its pages."""

from django.apps import AppConfig


class RunEventsConfig(AppConfig):
    """Timelines."""

    name = "apps.run_events"
    verbose_name = "Timelines"
