"""What each dependency says, within a second."""

import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection
from redis import RedisError

from apps.kernel import clock
from apps.realtime.connections import client
from apps.realtime.pulses import pulses
from apps.source_events.selectors import oldest_due_age, waiting_count

#: Above this the dispatcher is behind; the web server still works.
LAG_SECONDS_MAX = 30.0


def check(name: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return ``{name, ok, …}`` with what the dependency said and how long it took."""
    started = time.perf_counter()
    try:
        said = {"ok": True, **ask()}
    except (DatabaseError, RedisError, OSError) as error:
        said = {"ok": False, "error": str(error).strip().splitlines()[0][:200]}
    taken = (time.perf_counter() - started) * 1000
    return {"name": name, "milliseconds": round(taken, 1), **said}


def postgresql() -> dict[str, Any]:
    """Ask PostgreSQL for its version and whether migrations are in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
        cursor.execute("SELECT to_regclass('runs_run') IS NOT NULL")
        migrated = cursor.fetchone()[0]
    if not migrated:
        return {"ok": False, "version": version, "error": "migrations are missing"}
    return {"version": version}


def redis() -> dict[str, Any]:
    """Ask Redis for its version."""
    info: Any = client().info("server")
    return {"version": info.get("valkey_version") or info.get("redis_version")}


def dispatcher() -> dict[str, Any]:
    """Ask the outbox how far behind the dispatcher is."""
    now = clock.now()
    lag = oldest_due_age(now).total_seconds()
    return {
        "ok": lag < LAG_SECONDS_MAX,
        "lag_seconds": round(lag, 3),
        "waiting": waiting_count(now),
    }


def celery() -> dict[str, Any]:
    """Ask Redis when beat and a Celery worker gave their last signs of life."""
    found = pulses()
    if found is None:
        return {"ok": False, "error": "redis does not answer, and is their broker"}
    silent = [pulse.words for pulse in found if not pulse.is_alive]
    ages = {
        f"{pulse.role}_silent_seconds": round(pulse.age_seconds, 1)
        for pulse in found
        if pulse.age_seconds is not None
    }
    return {
        "ok": not silent,
        **ages,
        **({"error": "; ".join(silent)} if silent else {}),
    }


def report() -> tuple[bool, dict[str, Any]]:
    """Return whether requests can be served, and what each dependency says.

    Redis, Celery and the dispatcher may be away for a while without a request
    failing, so only PostgreSQL decides.
    """
    checks = [check("postgresql", postgresql), check("redis", redis)]
    checks.append(check("celery", celery))
    if checks[0]["ok"]:
        checks.append(check("dispatcher", dispatcher))
    ready = bool(checks[0]["ok"])
    degraded = not all(item["ok"] for item in checks)
    word = ("degraded" if degraded else "ready") if ready else "unavailable"
    return ready, {"status": word, "checks": checks}
