"""Redis clients, and a breaker that keeps a dead Redis from slowing everybody.

Redis is quick and may be wiped or gone. Callers use ``attempt``: it runs one short
operation, or gives the fallback at once while the breaker is open.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
import redis.asyncio
from django.conf import settings

logger = logging.getLogger(__name__)

BREAK_SECONDS = 1.0

Answer = TypeVar("Answer")


class _Breaker:
    """Open for ``BREAK_SECONDS`` after a failure."""

    def __init__(self) -> None:
        self.open_until = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self.open_until

    def trip(self, error: BaseException) -> None:
        if not self.is_open():
            logger.warning("redis does not answer: %s", error)
        self.open_until = time.monotonic() + BREAK_SECONDS


breaker = _Breaker()
_lock = threading.Lock()
_clients: dict[int, "redis.Redis"] = {}


def client() -> "redis.Redis":
    """Return this process's client (thread-safe, pooled, safe after a fork)."""
    pid = os.getpid()
    found = _clients.get(pid)
    if found is None:
        with _lock:
            found = _clients.setdefault(
                pid,
                redis.Redis.from_url(
                    settings.REDIS_URL,
                    socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
                    socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
                    retry=None,
                ),
            )
    return found


def async_client() -> "redis.asyncio.Redis":
    """Return a new asynchronous client for a long-lived subscription."""
    # A Unix socket knows no keep-alive and its client refuses the option.
    over_tcp = not settings.REDIS_URL.startswith("unix:")
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=2,
        **({"socket_keepalive": True} if over_tcp else {}),
        health_check_interval=5,
        socket_timeout=10,
    )


def attempt(
    operation: Callable[["redis.Redis"], Answer], fallback: Any = None
) -> Answer | Any:
    """Run ``operation`` on Redis; return ``fallback`` when Redis does not answer."""
    if breaker.is_open():
        return fallback
    try:
        return operation(client())
    except (redis.RedisError, OSError) as error:
        breaker.trip(error)
        return fallback
