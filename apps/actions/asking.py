"""Asking an endpoint over the network: one time limit, one size limit, and again where
the action may be repeated."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from apps.actions.calls import (
    HTTP_ERROR,
    REFUSED,
    TIMEOUT,
    TOO_LARGE,
    UNREACHABLE,
    Outcome,
    failed,
)
from apps.deliveries.client import Answer, Refused, Unreachable, send
from apps.secrets.redaction import NOTHING_HIDDEN, Redaction

TRIES_MAX: Final = 3
PAUSE_SECONDS: Final = 0.5
#: An endpoint that asks for more than this is asked in vain.
RETRY_AFTER_MAX: Final = 5.0
_BUSY: Final = (408, 425, 429)
_SAID_CHARS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``headers`` makes them anew for each time it is sent.

    ``seconds`` limits one try, ``total`` all of them together. What is ``hidden`` is
    in no failure, whoever repeats it.
    """

    method: str
    url: str
    body: bytes
    headers: Callable[[], Mapping[str, str]]
    seconds: float
    total: float
    repeatable: bool
    any_status: bool = False
    hidden: Redaction = NOTHING_HIDDEN


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer to a request and how often it was asked again."""

    answer: Answer
    retries: int


async def ask(asked: Asked) -> Heard | Outcome:
    """Return the answer that counts, or the failure.

    What is repeatable is asked again, up to twice, when the endpoint is away, busy or
    broken (no answer, 408, 425, 429, 5xx).
    """
    ends = time.monotonic() + asked.total
    retries = 0
    while True:
        with asked.hidden.guard():
            result, pause = await _once(asked, ends, retries)
        again = retries + 1 < TRIES_MAX and asked.repeatable and pause is not None
        if not again or pause is None:
            return result
        pause = max(pause, PAUSE_SECONDS * 2**retries)
        if time.monotonic() + pause >= ends:
            return result
        await asyncio.sleep(pause)
        retries += 1


async def _once(
    asked: Asked, ends: float, retries: int
) -> tuple[Heard | Outcome, float | None]:
    """Return what one try brought, and the least pause before another one, None where
    none would help."""
    began = time.monotonic()
    limit = min(asked.seconds, ends - began)
    try:
        answer = await send(
            asked.method,
            asked.url,
            body=asked.body,
            headers=asked.headers(),
            bytes_max=settings.RESULT_BYTES_MAX,
            total=max(round(limit, 3), 0.001),
        )
    except Refused as error:
        words = asked.hidden.text(str(error))
        return failed(REFUSED, words, retries=retries), None
    except Unreachable as error:
        late = time.monotonic() - began >= limit
        kind = TIMEOUT if late else UNREACHABLE
        words = asked.hidden.text(str(error), is_cut=True)
        return failed(kind, words, retries=retries), 0.0
    return _judge(asked, answer, retries)


def _judge(
    asked: Asked, answer: Answer, retries: int
) -> tuple[Heard | Outcome, float | None]:
    facts = {"retries": retries, "http_status": answer.status}
    if not answer.whole:
        most = settings.RESULT_BYTES_MAX
        words = f"the answer is larger than {most} bytes"
        return failed(TOO_LARGE, words, **facts), None
    broken = answer.status >= 500 or answer.status in _BUSY
    if 200 <= answer.status < 300 or (asked.any_status and not broken):
        return Heard(answer, retries), None
    pause = _pause_of(answer) if broken else None
    if asked.any_status:
        return Heard(answer, retries), pause
    begins = answer.body[: 4 * _SAID_CHARS_MAX]
    is_cut = len(begins) < len(answer.body)
    text = begins.decode(errors="replace").strip()
    said = asked.hidden.text(text, is_cut=is_cut)[:_SAID_CHARS_MAX]
    words = f"the endpoint answered {answer.status}" + (f": {said}" if said else "")
    return failed(HTTP_ERROR, words, **facts), pause


def _pause_of(answer: Answer) -> float | None:
    asked_for = answer.retry_after
    if not (asked_for.isascii() and asked_for.isdigit() and len(asked_for) < 9):
        return 0.0
    return float(asked_for) if float(asked_for) <= RETRY_AFTER_MAX else None
