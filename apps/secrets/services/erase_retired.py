"""Erase versions whose time is over."""

from datetime import datetime

from apps.secrets.models import SecretState, SecretVersion


def erase_retired(*, now: datetime) -> int:
    """Erase the values of versions that have retired; return how many."""
    over = SecretVersion.objects.filter(retires_at__lte=now, destroyed_at=None)
    return over.update(state=SecretState.DESTROYED, sealed="", destroyed_at=now)
