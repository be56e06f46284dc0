"""How Django calls this app on its pages."""

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    """Deliveries."""

    name = "apps.deliveries"
    verbose_name = "Deliveries"
