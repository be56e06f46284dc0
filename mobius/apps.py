"""Makes the Celery app the current one wherever Django is set up."""

import importlib

from django.apps import AppConfig


class MobiusConfig(AppConfig):
    """The wiring package as a Django app; it has no tables."""

    name = "mobius"

    def ready(self) -> None:
        importlib.import_module("mobius.celery").app.set_default()
