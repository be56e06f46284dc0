"""This machine and its settings."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from apps.identity.models import ApiKey, Principal
from apps.ops.doctor.findings import Finding, bad, warn, well

KEYS_EXPIRE_WITHIN: Final = timedelta(days=14)
KEYS_TOLD: Final = 10
DISK_FREE_MIN: Final = 0.05
DISK_FREE_WANTED: Final = 0.15
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def configuration(now: datetime) -> Iterator[Finding]:
    """Settings that are weak, or contradict each other."""
    part, found = "configuration", []
    public = urlsplit(settings.PUBLIC_URL)
    host = public.hostname or ""
    if host not in settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        message = f"the public address names {host}, which is not an allowed host"
        found.append(bad(part, message, f"add {host} to MOBIUS_ALLOWED_HOSTS"))
    if public.scheme == "https" and not settings.SESSION_COOKIE_SECURE:
        message = "the public address is https and cookies may travel without it"
        found.append(warn(part, message, "set MOBIUS_SECURE_COOKIES=true"))
    if public.scheme == "http" and host not in _LOCAL:
        message = f"keys travel to {settings.PUBLIC_URL} unencrypted"
        found.append(warn(part, message, "put a TLS edge before it: deploy/nginx"))
    if not settings.SECRETS_KEYS:
        message = "secrets are sealed with a key made from MOBIUS_SECRET_KEY"
        advice = "set MOBIUS_SECRETS_KEYS, or changing that key makes them unreadable"
        found.append(warn(part, message, advice))
    yield from found
    if not found:
        yield well(part, f"public address {settings.PUBLIC_URL}")


def disk(now: datetime) -> Iterator[Finding]:
    """Room on this machine's disks; that of a PostgreSQL elsewhere is not seen."""
    for folder in dict.fromkeys(("/", tempfile.gettempdir())):
        usage = shutil.disk_usage(folder)
        free = usage.free / usage.total if usage.total else 1.0
        message = f"{folder}: {free:.0%} free, {usage.free / 2**30:.1f} GiB"
        advice = "make room; PostgreSQL stops when its disk is full"
        if free < DISK_FREE_MIN:
            yield bad("disk", message, advice)
        elif free < DISK_FREE_WANTED:
            yield warn("disk", message, advice)
        else:
            yield well("disk", message)


def keys(now: datetime) -> Iterator[Finding]:
    """API keys that stop working soon."""
    until = now + KEYS_EXPIRE_WITHIN
    in_use = Q(revoked_at=None, principal__disabled=False)
    soon = ApiKey.objects.filter(in_use, expires_at__gt=now, expires_at__lte=until)
    rows = soon.select_related(
        "principal__project", "principal__organization"
    ).order_by("expires_at")
    found = list(rows[: KEYS_TOLD + 1])
    for key in found[:KEYS_TOLD]:
        who, owner = _holder(key.principal)
        message = (
            f"key {key.name} ({key.prefix}) of {who} expires {key.expires_at:%Y-%m-%d}"
        )
        yield warn("keys", message, f"entrypoint.sh keys issue {owner}")
    if len(found) > KEYS_TOLD:
        yield warn("keys", "and more", "entrypoint.sh keys list")
    if not found:
        yield well("keys", f"none expires within {KEYS_EXPIRE_WITHIN.days} days")


def _holder(principal: Principal) -> tuple[str, str]:
    """Return who holds a key, for people and for the command that issues another."""
    if principal.organization is not None:
        handle = principal.organization.handle
        return f"organization {handle}", f"--organization {handle}"
    place = principal.project.handle if principal.project else ""
    return f"{principal.name} in {place}", f"--principal {principal.name}"
