"""What became of an attempt, and when the next one is due.

A receiver that is away, busy or broken is asked again for about a day. One that
refuses (4xx, a redirect, a rejected mail) is asked again for about an hour and a
quarter: long enough to mend a deployment, and no longer, because the same message is
refused for the same reason. Gone (410), no such mailbox, and an address that is closed
as it is written are final at once. A person may still send the message again.
"""

import zlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from apps.deliveries.client import Answer

#: After the first failure, the second, ...; together 22 hours and 13 minutes.
DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
#: How many of the delays a refusal uses.
DELAYS_OF_REFUSED: Final = 5
#: Each delay is longer by up to this share, so that what failed together spreads.
JITTER: Final = 0.1
RETRY_AFTER_MAX: Final = timedelta(hours=1)
_BUSY: Final = (408, 425, 429)


class Verdict(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    AWAY = "away"
    REFUSED = "refused"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and what the receiver said."""

    verdict: Verdict
    status: int | None = None
    error: str = ""
    retry_after: timedelta = timedelta(0)


def judge(answer: Answer) -> Outcome:
    """Return what an HTTP answer means."""
    status = answer.status
    if 200 <= status < 300:
        return Outcome(Verdict.DELIVERED, status)
    said = answer.body.decode(errors="replace").strip()
    error = f"the receiver answered {status}" + (f": {said[:500]}" if said else "")
    if status == 410:
        return Outcome(Verdict.FINAL, status, error)
    if status >= 500 or status in _BUSY:
        return Outcome(Verdict.AWAY, status, error, _asked_for(answer.retry_after))
    return Outcome(Verdict.REFUSED, status, error)


def delay_after(
    outcome: Outcome, *, failures: int, delivery_id: str
) -> timedelta | None:
    """Return when to try again after so many failures, None when it is over."""
    count = {Verdict.AWAY: len(DELAYS), Verdict.REFUSED: DELAYS_OF_REFUSED}
    if failures > count.get(outcome.verdict, 0):
        return None
    spread = zlib.crc32(f"{delivery_id}.{failures}".encode()) / 2**32
    delay = DELAYS[failures - 1] * (1 + JITTER * spread)
    return max(delay, outcome.retry_after)


def _asked_for(retry_after: str) -> timedelta:
    if not (retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9):
        return timedelta(0)
    return min(timedelta(seconds=int(retry_after)), RETRY_AFTER_MAX)
