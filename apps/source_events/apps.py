"""How Django calls this app on its pages."""

from django.apps import AppConfig


class SourceEventsConfig(AppConfig):
    """Source events."""

    name = "apps.source_events"
    verbose_name = "Source events"
