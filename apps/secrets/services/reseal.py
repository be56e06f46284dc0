"""Seal every secret anew with the first key of the server."""

from django.db import transaction

from apps.secrets.cipher import reseal
from apps.secrets.models import SecretVersion

BATCH = 100


def reseal_secrets() -> int:
    """Seal all values with the first key; return how many versions.

    Older keys can be taken from the server's list afterwards. Short transactions;
    to stop in between does no harm.

    Raises:
        Unavailable: the server's keys do not open one of them.
    """
    last, count = "", 0
    while True:
        done = _reseal_after(last)
        if not done:
            return count
        last, count = done[-1], count + len(done)


@transaction.atomic
def _reseal_after(last: str) -> list[str]:
    rows = SecretVersion.objects.select_for_update().filter(id__gt=last)
    found = list(rows.exclude(sealed="").order_by("id")[:BATCH])
    for version in found:
        version.sealed = reseal(version.sealed)
    SecretVersion.objects.bulk_update(found, ["sealed"])
    return [version.id for version in found]
