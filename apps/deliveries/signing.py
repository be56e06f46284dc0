"""Signature v1: the receiver can tell that a message is ours, whole and recent."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from apps.kernel.errors import Conflict

KEY_NAME: Final = "signing_key_b64"
KEY_BYTES: Final = 32
VERSION: Final = "v1"


def signing_key(values: Mapping[str, str]) -> bytes:
    """Return the key among the values of a secret; either alphabet of base64 will do.

    Raises:
        Conflict: it is missing or not 32 bytes.
    """
    text = "".join(values.get(KEY_NAME, "").split())
    plain = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Conflict(f"the secret's {KEY_NAME} is not base64 of {KEY_BYTES} bytes")
    return key


def signed_headers(
    delivery_id: str,
    body: bytes,
    *,
    key: bytes,
    secret_ref: str,
    secret_version: int,
    at: datetime,
) -> dict[str, str]:
    """Return the headers that go with ``body``, signed as sent at ``at``."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join(
        [VERSION.encode(), delivery_id.encode(), timestamp.encode(), body]
    )
    signature = hmac.new(key, signed, hashlib.sha256).hexdigest()
    return {
        "X-Mobius-Signature": f"sha256={signature}",
        "X-Mobius-Signature-Version": VERSION,
        "X-Mobius-Timestamp": timestamp,
        "X-Mobius-Delivery-Id": delivery_id,
        "X-Mobius-Secret-Ref": secret_ref,
        "X-Mobius-Secret-Version": str(secret_version),
        "Idempotency-Key": delivery_id,
    }
