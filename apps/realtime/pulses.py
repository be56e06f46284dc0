"""Signs of life of what moves runs: beat, which says "look", and Celery's workers.

Each leaves a key in Redis every few seconds. How old a sign is, is read off the time
the key has left, so no two clocks are compared. One sign speaks for all processes of
a kind: that somebody does the work is what matters.
"""

import time
from enum import StrEnum
from typing import Any, NamedTuple

from apps.realtime.connections import attempt

#: A kind of process that is silent for longer does not work.
SILENT_AFTER_SECONDS = 10.0
GIVE_EVERY_SECONDS = 3.0
#: A sign that is older was never given.
FORGOTTEN_AFTER_SECONDS = 7 * 24 * 3600

_given: dict[str, float] = {}


class Role(StrEnum):
    """Who gives signs."""

    BEAT = "beat"
    WORKER = "worker"


class Pulse(NamedTuple):
    """How long ago a kind of process gave a sign; None: never, or Redis was wiped."""

    role: Role
    age_seconds: float | None

    @property
    def is_alive(self) -> bool:
        """Say whether it works."""
        return self.age_seconds is not None and self.age_seconds <= SILENT_AFTER_SECONDS

    @property
    def words(self) -> str:
        """Say it for people."""
        if self.age_seconds is None:
            return f"{self.role}: no sign of life"
        return f"{self.role}: last sign of life {self.age_seconds:.0f} s ago"


def give_pulse(role: Role) -> None:
    """Say that a process of this kind works; most calls cost nothing."""
    now = time.monotonic()
    if now - _given.get(role, float("-inf")) < GIVE_EVERY_SECONDS:
        return
    _given[role] = now
    attempt(lambda redis: redis.set(_key(role), 1, ex=FORGOTTEN_AFTER_SECONDS))


def pulses() -> list[Pulse] | None:
    """Return the pulse of every role; None when Redis does not answer."""

    def read(redis: Any) -> list[int]:
        pipeline = redis.pipeline(transaction=False)
        for role in Role:
            pipeline.pttl(_key(role))
        left: list[int] = pipeline.execute()
        return left

    lefts = attempt(read)
    if lefts is None:
        return None
    return [
        Pulse(role, None if left < 0 else FORGOTTEN_AFTER_SECONDS - left / 1000)
        for role, left in zip(Role, lefts, strict=True)
    ]


def _key(role: Role) -> str:
    return f"mobius:pulse:{role}"
