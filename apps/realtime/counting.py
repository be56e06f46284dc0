"""What happened, counted by every process and added up in Redis.

Web processes and Celery workers, on whatever machine, add to one hash, so whichever
web process is asked tells of the whole system. A process keeps what it counted for a
moment and sends it in one go; who dies in between loses that. Nothing is counted
unless figures can be read at all: ``settings.METRICS_ON``.

A sample is kept under the name that Prometheus knows it by: ``name{label="value"}``.
"""

import asyncio
import os
import platform
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import transaction

from apps.realtime.connections import attempt

TOTALS_KEY: Final = "mobius:metrics:totals"
NOW_KEY: Final = "mobius:metrics:now"
FLUSH_SECONDS: Final = 2.0
#: What a process said of itself is worth nothing after this.
SAID_SECONDS: Final = 15.0
#: Upper ends of the classes in which durations are counted, in seconds.
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)

#: What a process says of itself: the name of a figure, and how to get it.
GAUGES: Final[dict[str, Callable[[], float]]] = {}

_lock = threading.Lock()
_counted: dict[str, float] = {}
_flushed_at = 0.0


def count(name: str, amount: float = 1, /, **labels: str) -> None:
    """Add to a total."""
    if settings.METRICS_ON:
        _add({sample(name, labels): amount})


def count_after_commit(name: str, /, **labels: str) -> None:
    """Add 1 to a total once the transaction has committed."""
    if settings.METRICS_ON:
        transaction.on_commit(lambda: count(name, **labels))


def observe(name: str, seconds: float, /, **labels: str) -> None:
    """Add a duration to a histogram."""
    if not settings.METRICS_ON:
        return
    added: dict[str, float] = {
        sample(f"{name}_bucket", {**labels, "le": f"{end:g}"}): 1
        for end in BUCKETS
        if seconds <= end
    }
    added[sample(f"{name}_bucket", {**labels, "le": "+Inf"})] = 1
    added[sample(f"{name}_count", labels)] = 1
    added[sample(f"{name}_sum", labels)] = seconds
    _add(added)


def sample(name: str, labels: Mapping[str, str]) -> str:
    """Return a sample as Prometheus writes it, without its value."""
    if not labels:
        return name
    inner = ",".join(f'{label}="{_escaped(labels[label])}"' for label in labels)
    return f"{name}{{{inner}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _add(added: Mapping[str, float]) -> None:
    with _lock:
        for one, amount in added.items():
            _counted[one] = _counted.get(one, 0) + amount


def flush() -> None:
    """Send what was counted, and what this process says of itself, to Redis. While
    Redis does not answer it is kept."""
    global _flushed_at
    _flushed_at = time.monotonic()
    with _lock:
        sent = dict(_counted)
        _counted.clear()
    said = {name: read() for name, read in GAUGES.items()}

    def send(redis: Any) -> bool:
        pipeline = redis.pipeline(transaction=False)
        for one, amount in sent.items():
            pipeline.hincrbyfloat(TOTALS_KEY, one, amount)
        if said:
            body = orjson.dumps({"at": time.time(), "said": said})
            pipeline.hset(NOW_KEY, f"{platform.node()}:{os.getpid()}", body)
        pipeline.execute()
        return True

    if (sent or said) and not attempt(send, fallback=False):
        _add(sent)


def flush_if_due() -> None:
    """``flush``, unless that was a moment ago."""
    if settings.METRICS_ON and time.monotonic() - _flushed_at >= FLUSH_SECONDS:
        flush()


async def keep_flushing() -> None:
    """Flush again and again, beside a web process's requests."""
    loop = asyncio.get_running_loop()
    while settings.METRICS_ON:
        await asyncio.sleep(FLUSH_SECONDS)
        await loop.run_in_executor(None, flush)


def totals() -> dict[str, float] | None:
    """Return every sample that was ever counted; None when Redis does not answer."""
    found: dict[bytes, bytes] | None = attempt(_read_totals)
    if found is None:
        return None
    return {name.decode(): float(value) for name, value in found.items()}


def _read_totals(redis: Any) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = redis.hgetall(TOTALS_KEY)
    return found


def said_now() -> dict[str, float]:
    """Return what the living processes say of themselves, added up. Those that are
    gone are forgotten."""
    added: dict[str, float] = {}
    gone = []
    for name, body in attempt(lambda r: r.hgetall(NOW_KEY), fallback={}).items():
        told = orjson.loads(body)
        if time.time() - told["at"] > SAID_SECONDS:
            gone.append(name)
            continue
        for figure, value in told["said"].items():
            added[figure] = added.get(figure, 0) + value
    if gone:
        attempt(lambda redis: redis.hdel(NOW_KEY, *gone))
    return added
