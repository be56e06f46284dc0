"""Typed readers for the environment. A wrong value is named at boot, never guessed."""

import os
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


#: Plans are made once and kept: one that was made while a table was small would go on
#: reading all of it. Every frequent statement has an index; let it be used from row 1.
PLANNER = "-c enable_seqscan=off"

#: A hundred years: as good as for ever, and still an instant that can be written.
DAYS_MAX = 36_500


def actor() -> str:
    """Return who changes what no request asked for: a command, or the system."""
    name = os.environ.get("MOBIUS_ACTOR", "system")
    return re.sub(r"[^A-Za-z0-9:._-]", "_", name)


def text(name: str, default: str | None = None) -> str:
    """Return the variable; without a default it must be set."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} must be set")
    return value


def secret(name: str, default: str, *, length_min: int) -> str:
    """Return a secret of some length; empty means that there is none."""
    value = text(name, default)
    if value and len(value) < length_min:
        raise ImproperlyConfigured(f"{name}: expected at least {length_min} characters")
    return value


def number(name: str, default: float) -> float:
    """Return a number, at least 0."""
    raw = os.environ.get(name, "")
    if raw == "":
        return default
    try:
        value = float(raw)
    except ValueError:
        value = -1
    if value < 0:
        raise ImproperlyConfigured(f"{name}: expected a number >= 0, got {raw!r}")
    return value


def whole(name: str, default: int) -> int:
    """Return a whole number, at least 0."""
    value = number(name, default)
    if value != int(value):
        raise ImproperlyConfigured(f"{name}: expected a whole number, got {value}")
    return int(value)


def days(name: str, default: int) -> int:
    """Return a number of days from 1 to ``DAYS_MAX``; 0 is the default."""
    value = whole(name, 0) or default
    if value > DAYS_MAX:
        raise ImproperlyConfigured(
            f"{name}: expected a number of days up to {DAYS_MAX}, got {value}"
        )
    return value


def flag(name: str, default: bool) -> bool:
    """Return true or false."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.lower() in _TRUE:
        return True
    if raw.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}: expected true or false, got {raw!r}")


def listing(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without empty items."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def database(url: str) -> dict[str, Any]:
    """Turn ``postgresql://user:password@host:port/name?host=/socket`` into settings."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(
            "MOBIUS_DATABASE_URL: expected postgresql://user:password@host:port/name"
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "mobius",
        "USER": unquote(parts.username or "mobius"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(query.pop("port", parts.port or "")),
        "CONN_MAX_AGE": 600,
        # Threads check their connection themselves when it was idle a while
        # (apps.realtime.bridge): a SELECT 1 in every request is a tenth of its cost.
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {
            "connect_timeout": 5,
            "server_side_binding": True,
            "prepare_threshold": whole("MOBIUS_PREPARE_AFTER", 3) or None,
            "options": f"{PLANNER} -c mobius.actor={actor()}",
            **query,
        },
    }
