"""How a receiver can tell that a message is ours, whole and recent.

Three forms, all HMAC-SHA256. A key of 32 bytes signs twice on the same message: as
``v1`` in the headers of Mobius, and as Standard Webhooks writes it. A secret that
somebody chose signs the body alone, as the first clients expect.

While a key is being replaced two are good. Standard Webhooks carries both signatures.
``v1`` has room for one and names the version of its key: the newest signs, and when the
receiver refuses that, the next attempt is signed with the one before, in turns.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from apps.kernel.errors import Conflict
from apps.secrets.selectors import ResolvedSecret

KEY_NAME: Final = "signing_key_b64"
KEY_BYTES: Final = 32
VERSION: Final = "v1"
#: Holds a secret that signs bodies only. No project can give a key of its own secrets
#: such a name.
BODY_SECRET_NAME: Final = "mobius/body_secret"  # noqa: S105 - a name


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


def signature_headers(
    delivery_id: str,
    body: bytes,
    secrets: Sequence[ResolvedSecret],
    *,
    secret_ref: str,
    turn: int,
    at: datetime,
) -> dict[str, str]:
    """Return the headers that go with ``body``, signed as sent at ``at``.

    ``secrets`` are those that are good now, newest first; ``turn`` counts attempts.

    Raises:
        Conflict: one of them holds no key.
    """
    named = {"X-Mobius-Delivery-Id": delivery_id, "Idempotency-Key": delivery_id}
    chosen = secrets[0].values.get(BODY_SECRET_NAME)
    if chosen is not None:
        return {**named, "X-Mobius-Signature": f"sha256={_hex(chosen.encode(), body)}"}
    keys = [signing_key(one.values) for one in secrets]
    nth = turn % len(keys)
    timestamp = str(int(at.timestamp()))
    v1 = b".".join([VERSION.encode(), delivery_id.encode(), timestamp.encode(), body])
    standard = b".".join([delivery_id.encode(), timestamp.encode(), body])
    return {
        **named,
        "X-Mobius-Signature": f"sha256={_hex(keys[nth], v1)}",
        "X-Mobius-Signature-Version": VERSION,
        "X-Mobius-Timestamp": timestamp,
        "X-Mobius-Secret-Ref": secret_ref,
        "X-Mobius-Secret-Version": str(secrets[nth].version),
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_base64(key, standard)}" for key in keys),
    }


def _hex(key: bytes, plain: bytes) -> str:
    return hmac.new(key, plain, hashlib.sha256).hexdigest()


def _base64(key: bytes, plain: bytes) -> str:
    return base64.b64encode(hmac.digest(key, plain, hashlib.sha256)).decode()
