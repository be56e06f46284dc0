"""Seal every secret anew with the first key of the server."""

from typing import Any

from django.db import transaction
from django.db.models import Model

from apps.secrets.cipher import reseal
from apps.secrets.fields import sealed_columns

BATCH = 100


def reseal_secrets() -> int:
    """Seal all values with the first key, in whatever table; return how many.

    Older keys can be taken from the server's list afterwards. Short transactions;
    to stop in between does no harm.

    Raises:
        Unavailable: the server's keys do not open one of them.
    """
    return sum(_reseal_column(model, column) for model, column in sealed_columns())


def _reseal_column(model: type[Model], column: str) -> int:
    last, count = "", 0
    while True:
        done = _reseal_after(model, column, last)
        if not done:
            return count
        last, count = done[-1], count + len(done)


@transaction.atomic
def _reseal_after(model: Any, column: str, last: str) -> list[str]:
    rows = model.objects.select_for_update().filter(pk__gt=last)
    found = list(rows.exclude(**{column: ""}).order_by("pk")[:BATCH])
    for row in found:
        setattr(row, column, reseal(getattr(row, column)))
    model.objects.bulk_update(found, [column])
    return [row.pk for row in found]
