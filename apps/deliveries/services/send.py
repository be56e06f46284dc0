"""Send one message: prepared here with what the tables say, sent without them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError

from apps.api.rendering import to_json
from apps.deliveries.client import Refused, Unreachable, post, url_problem
from apps.deliveries.mail import send_mail
from apps.deliveries.models import Delivery, DeliveryKind
from apps.deliveries.outcomes import DELAYS, Outcome, Verdict, judge
from apps.deliveries.signing import signature_headers
from apps.kernel import clock, tracing
from apps.kernel.errors import MobiusError
from apps.secrets.redaction import Redaction
from apps.secrets.selectors import usable_values

logger = logging.getLogger(__name__)

Attempt = Callable[[], Coroutine[Any, Any, Outcome]]


def prepare(delivery: Delivery, now: datetime) -> Outcome | Attempt:
    """Return how to send a message, or why it cannot be sent now. The attempt raises
    nothing and asks no table."""
    try:
        prepared = _prepare(delivery, now)
    except DatabaseError:
        raise
    except Exception as error:
        return _fault(delivery, error)
    if isinstance(prepared, Outcome):
        return prepared
    return partial(_attempt, delivery, prepared)


async def _attempt(delivery: Delivery, attempt: Attempt) -> Outcome:
    with tracing.begin(
        "deliver", parent=delivery.traceparent, facts=_facts(delivery)
    ) as span:
        try:
            outcome = await attempt()
        except Exception as error:
            outcome = _fault(delivery, error)
        if outcome.verdict is not Verdict.DELIVERED:
            span.fail(outcome.verdict.value)
        return outcome


def _facts(delivery: Delivery) -> tracing.Facts:
    return {
        "mobius.delivery_id": delivery.id,
        "mobius.purpose": delivery.purpose,
        "mobius.project_id": delivery.project_id,
        "mobius.run_id": delivery.run_id or None,
        "mobius.attempt": delivery.attempts,
    }


def _fault(delivery: Delivery, error: Exception) -> Outcome:
    """A fault of ours with one message: it is a failed attempt, and stops no other."""
    logger.error("delivery %s", delivery.id, exc_info=error)
    return Outcome(Verdict.AWAY, error=f"{type(error).__name__}: {error}")


def _prepare(delivery: Delivery, now: datetime) -> Outcome | Attempt:
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
        secrets = usable_values(
            delivery.project_id,
            delivery.secret_ref,
            owner_id=delivery.subject_id,
            now=now,
        )
        signed = signature_headers(
            delivery.id,
            body,
            secrets,
            secret_ref=delivery.secret_ref,
            turn=delivery.failures,
            at=now,
        )
    except MobiusError as error:
        return Outcome(Verdict.AWAY, error=f"it cannot be signed: {error.message}")
    headers = {"Content-Type": "application/json", **delivery.headers, **signed}
    hidden = Redaction(one for found in secrets for one in found.values.values())
    return partial(_post, delivery.url, body, headers, hidden, len(secrets) > 1)


async def _post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    hidden: Redaction,
    has_other_key: bool,
) -> Outcome:
    with hidden.guard():
        try:
            answer = await post(url, body=body, headers=headers)
        except Refused as error:
            return Outcome(Verdict.REFUSED, error=hidden.text(str(error)))
        except Unreachable as error:
            return Outcome(Verdict.AWAY, error=hidden.text(str(error)))
    outcome = judge(answer, now=clock.now(), hidden=hidden)
    is_refusal = outcome.verdict is Verdict.REFUSED
    return replace(outcome, key_in_doubt=is_refusal and has_other_key)
