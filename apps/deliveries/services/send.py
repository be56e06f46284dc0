"""Send what was taken: many at once, outside any transaction."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any

from django.db import DatabaseError

from apps.api.rendering import to_json
from apps.deliveries.client import Refused, Unreachable, post, url_problem
from apps.deliveries.mail import send_mail
from apps.deliveries.models import Delivery, DeliveryKind
from apps.deliveries.outcomes import DELAYS, Outcome, Verdict, judge
from apps.deliveries.signing import signed_headers, signing_key
from apps.kernel.errors import MobiusError
from apps.secrets.selectors import read_values

logger = logging.getLogger(__name__)

Attempt = Callable[[], Coroutine[Any, Any, Outcome]]
Ended = tuple[Delivery, Outcome]


def send_taken(taken: Sequence[Delivery], *, now: datetime) -> Iterator[Ended]:
    """Attempt every message once and yield how each ended, as soon as it has.

    The network runs on a thread of its own, so that the caller may write each outcome
    down while others are under way; secrets are read before it starts.
    """
    prepared = [(one, _prepare_alone(one, now)) for one in taken]
    ended: SimpleQueue[Ended] = SimpleQueue()
    under_way: list[tuple[Delivery, Attempt]] = []
    for delivery, attempt in prepared:
        if isinstance(attempt, Outcome):
            ended.put((delivery, attempt))
        else:
            under_way.append((delivery, attempt))
    thread = Thread(
        target=lambda: asyncio.run(_run(under_way, ended)),
        name="mobius-deliveries",
        daemon=True,
    )
    thread.start()
    for _ in taken:
        yield ended.get()
    thread.join()


async def _run(
    under_way: Sequence[tuple[Delivery, Attempt]], ended: "SimpleQueue[Ended]"
) -> None:
    async def one(delivery: Delivery, attempt: Attempt) -> None:
        try:
            outcome = await attempt()
        except Exception as error:
            outcome = _fault(delivery, error)
        ended.put((delivery, outcome))

    await asyncio.gather(*(one(delivery, attempt) for delivery, attempt in under_way))


def _prepare_alone(delivery: Delivery, now: datetime) -> Outcome | Attempt:
    try:
        return _prepare(delivery, now)
    except DatabaseError:
        raise
    except Exception as error:
        return _fault(delivery, error)


def _fault(delivery: Delivery, error: Exception) -> Outcome:
    """A fault of ours with one message: it is a failed attempt, and stops no other."""
    logger.error("delivery %s", delivery.id, exc_info=error)
    return Outcome(Verdict.AWAY, error=f"{type(error).__name__}: {error}")


def _prepare(delivery: Delivery, now: datetime) -> Outcome | Attempt:
    """Return how to send a message, or why it cannot be sent now."""
    if delivery.failures > len(DELAYS):
        return Outcome(Verdict.FINAL, error="its senders died, one after another")
    if delivery.kind == DeliveryKind.MAIL:
        mail = (delivery.id, delivery.recipient, delivery.payload)
        return partial(asyncio.to_thread, send_mail, *mail)
    problem = url_problem(delivery.url)
    if problem:
        return Outcome(Verdict.FINAL, error=problem)
    body = to_json(delivery.payload)
    try:
        secret = read_values(delivery.project_id, delivery.secret_ref)
        headers = signed_headers(
            delivery.id,
            body,
            key=signing_key(secret.values),
            secret_ref=delivery.secret_ref,
            secret_version=secret.version,
            at=now,
        )
    except MobiusError as error:
        return Outcome(Verdict.AWAY, error=f"it cannot be signed: {error.message}")
    return partial(_post, delivery.url, body, headers)


async def _post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    try:
        return judge(
            await post(
                url, body=body, headers={"Content-Type": "application/json", **headers}
            )
        )
    except Refused as error:
        return Outcome(Verdict.REFUSED, error=str(error))
    except Unreachable as error:
        return Outcome(Verdict.AWAY, error=str(error))
