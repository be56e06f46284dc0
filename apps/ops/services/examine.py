"""Look at everything an operator would look at, and say what is wrong."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import DatabaseError
from redis import RedisError

from apps.ops.doctor import of_postgres, of_server, of_system
from apps.ops.doctor.findings import Finding, Look, bad

LOOKS: Final[tuple[Look, ...]] = (
    *(of_server.configuration, of_server.disk),
    *(of_postgres.server, of_postgres.migrations, of_postgres.connections),
    *(of_postgres.horizon, of_postgres.bloat),
    *(of_system.redis, of_system.celery, of_system.clocks, of_system.outbox),
    *(of_system.workers, of_system.deliveries, of_server.keys),
)


def examine(*, now: datetime) -> Iterator[Finding]:
    """Yield what every look found. One that cannot look says so, and stops no other."""
    for look in LOOKS:
        try:
            yield from list(look(now))
        except (DatabaseError, RedisError, OSError) as error:
            words = str(error).strip().splitlines() or [type(error).__name__]
            advice = "is the server there, and its address right? see deploy/README.md"
            yield bad(look.__name__, f"cannot be looked at: {words[0][:200]}", advice)
