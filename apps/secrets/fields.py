"""A column of sealed values, in whatever app, that resealing finds by itself."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models

if TYPE_CHECKING:
    _Text = models.TextField[str, str]
else:
    _Text = models.TextField


class SealedField(_Text):
    """What ``cipher.seal`` made, or nothing. To PostgreSQL it is plain text."""

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options


def sealed_columns() -> list[tuple[type[models.Model], str]]:
    """Return every model of the system with a column of sealed values, and its name."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField)
    ]
