"""What became of an attempt, and when the next one is due.

A receiver that is away, busy or broken is asked ten times in about a day. One that
refuses (4xx, a redirect, a rejected mail) is asked again for about three quarters of an
hour: long enough to mend a deployment, and no longer, because the same message is
refused for the same reason; webhooks end at once. Gone (410), no such mailbox, and an
address that is closed as it is written are final at once. A person may still send the
message again.
"""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from apps.deliveries.client import Answer
from apps.secrets.redaction import NOTHING_HIDDEN, Redaction

#: After the first failure, the second, ...; together 22 hours and 43 minutes.
DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
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
ANSWER_CHARS_MAX: Final = 500
_BUSY: Final = (408, 425, 429)


class Verdict(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    AWAY = "away"
    REFUSED = "refused"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and what the receiver said.

    ``key_in_doubt``: two keys are good for this receiver, and it may know the other.
    """

    verdict: Verdict
    status: int | None = None
    error: str = ""
    answer: str = ""
    retry_after: timedelta = timedelta(0)
    key_in_doubt: bool = False


def judge(
    answer: Answer, *, now: datetime, hidden: Redaction = NOTHING_HIDDEN
) -> Outcome:
    """Return what an HTTP answer that came ``now`` means, without what is hidden: who
    verifies a signature may say with what."""
    status = answer.status
    text = answer.body.decode(errors="replace").strip()
    said = hidden.text(text, is_cut=not answer.whole)[:ANSWER_CHARS_MAX]
    if 200 <= status < 300:
        return Outcome(Verdict.DELIVERED, status, answer=said)
    error = f"the receiver answered {status}" + (f": {said}" if said else "")
    if status == 410:
        return Outcome(Verdict.FINAL, status, error, said)
    if status >= 500 or status in _BUSY:
        wait = _asked_for(answer.retry_after, now)
        return Outcome(Verdict.AWAY, status, error, said, wait)
    return Outcome(Verdict.REFUSED, status, error, said)


def delay_after(
    outcome: Outcome, *, failures: int, delivery_id: str, refusal_is_final: bool = False
) -> timedelta | None:
    """Return when to try again after so many failures, None when it is over."""
    if failures > _patience(outcome, refusal_is_final):
        return None
    spread = zlib.crc32(f"{delivery_id}.{failures}".encode()) / 2**32
    delay = DELAYS[failures - 1] * (1 + JITTER * spread)
    return max(delay, outcome.retry_after)


def _patience(outcome: Outcome, refusal_is_final: bool) -> int:
    """Return how many of the delays such an outcome uses."""
    if outcome.verdict is Verdict.AWAY or outcome.key_in_doubt:
        return len(DELAYS)
    if outcome.verdict is Verdict.REFUSED and not refusal_is_final:
        return DELAYS_OF_REFUSED
    return 0


def _asked_for(retry_after: str, now: datetime) -> timedelta:
    """Return how long ``Retry-After`` asks for: seconds, or a date of HTTP."""
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9:
        return min(timedelta(seconds=int(retry_after)), RETRY_AFTER_MAX)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta(0)
    wait = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(wait, timedelta(0)), RETRY_AFTER_MAX)
