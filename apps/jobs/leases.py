"""The time to live of a claim, in Redis. The only file that knows its keys.

PostgreSQL decides who holds a job; Redis remembers how long nobody needs to worry.
A claim's first lease is on its row; from the first heartbeat on it lives here, so that
heartbeats need not write rows and short jobs need no lease here at all. What is left
of a finished job expires by itself and speaks for nobody: it names the claim.
A lease found here keeps a job from being rescued; a lease missing here proves
nothing, because the row carries a copy that has time left as long as the worker beats.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from apps.realtime.connections import attempt
from apps.realtime.outbound import command


class Held(NamedTuple):
    """Who should hold a job."""

    job_id: str
    worker_id: str
    attempt: int
    lease_token: str = ""


def _key(job_id: str) -> str:
    return f"mobius:lease:{job_id}"


def _holder(held: Held) -> str:
    return held.lease_token or f"{held.attempt}:{held.worker_id}"


def extend(held: Held, lease: timedelta) -> None:
    """Begin or prolong the lease of ``held``."""
    milliseconds = int(lease.total_seconds() * 1000)
    command("SET", _key(held.job_id), _holder(held), "PX", milliseconds)


def release(job_id: str) -> None:
    """Forget the lease; the job is in nobody's hands any more."""
    command("DEL", _key(job_id))


def remaining(helds: Sequence[Held]) -> list[timedelta]:
    """Return how long each lease still lives; zero for missing or another's."""
    none = [timedelta(0)] * len(helds)
    if not helds:
        return none

    def read(redis: "object") -> list[timedelta]:
        pipeline = redis.pipeline(transaction=False)  # type: ignore[attr-defined]
        for held in helds:
            pipeline.get(_key(held.job_id))
            pipeline.pttl(_key(held.job_id))
        answers = pipeline.execute()
        found = []
        for held, value, left in zip(helds, answers[0::2], answers[1::2], strict=True):
            mine = value is not None and value.decode() == _holder(held)
            found.append(timedelta(milliseconds=max(left, 0) if mine else 0))
        return found

    return list(attempt(read, fallback=none))
