"""Is it the provider's, and is it recent? Compared in constant time."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from apps.integrations.arrivals import Delivery
from apps.kernel.errors import Unauthenticated

#: How far ahead of ours the clock of a provider may be.
CLOCKS_APART: Final = timedelta(minutes=5)


def refused(message: str) -> Unauthenticated:
    """Return the error for a delivery that its provider did not sign."""
    return Unauthenticated(message, code="invalid_signature")


def outdated(message: str) -> Unauthenticated:
    """Return the error for a signed delivery from another time."""
    return Unauthenticated(message, code="stale_signature")


def check_signature(
    delivery: Delivery, header: str, scheme: str, secret: str, *, signed: bytes
) -> None:
    """Let a delivery pass whose header is ``scheme`` and the HMAC-SHA256 of ``signed``
    in hex.

    Raises:
        Unauthenticated: it is not; the message says what was expected, not why.
    """
    right = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    sent = delivery.headers.get(header, "").strip()
    digest = sent.removeprefix(scheme).lower()
    is_right = hmac.compare_digest(digest.encode(), right.encode())
    if not (secret and sent.startswith(scheme) and is_right):
        raise refused(f"{header}: expected {scheme}<HMAC-SHA256 of the delivery, hex>")


def check_recent(
    field: str,
    milliseconds: object,
    *,
    now: datetime,
    past: timedelta,
    future: timedelta = CLOCKS_APART,
) -> None:
    """Let a signed instant pass that is near ours.

    Raises:
        Unauthenticated: it is older than ``past``, or ahead by more than ``future``,
            or no instant at all.
    """
    is_number = isinstance(milliseconds, int) and not isinstance(milliseconds, bool)
    age = now.timestamp() - milliseconds / 1000 if is_number else None  # type: ignore[operator]
    if age is None or not -future.total_seconds() <= age <= past.total_seconds():
        raise outdated(
            f"{field}: expected an instant of the last {past.total_seconds():g} seconds"
        )
