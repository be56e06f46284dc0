"""Whether a delivery is Mobius's, whole, recent, and new.

    seen = ReplayCache()

    def receive(body: bytes, headers):
        try:
            event = verify_webhook(body, headers, secret, seen=seen)
        except WebhookRejected as rejected:
            return 200 if rejected.reason == "replayed" else 400
        try:
            handle(event.type, event.data)
        except Exception:
            seen.forget(event.delivery_id)  # so that the next attempt is taken
            raise
        return 200

Webhooks, callbacks and the requests of HTTP actions are signed alike.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from mobius.sdk.errors import ConfigurationError, MobiusError
from mobius.sdk.replays import SeenDeliveries

Reason = Literal[
    "missing_header", "bad_signature", "too_old", "too_new", "replayed", "malformed"
]
Secret: TypeAlias = str | bytes

KEY_BYTES: Final = 32
_VERSION: Final = "v1"
_PREFIX: Final = "whsec_"
_ID_CHARS_MAX: Final = 256


class WebhookRejected(MobiusError):
    """A delivery is not to be trusted, or was taken before. ``reason`` says which."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{message} ({reason})")
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A delivery that was verified. ``body`` is its JSON, ``type`` and ``data`` are
    what webhooks have in it. ``timestamp`` is when it was signed, in unix seconds. A
    secret of your own signs the body alone: then the id is what the sender says it is,
    and there is no timestamp (0)."""

    type: str
    data: Any
    delivery_id: str
    timestamp: int
    body: Any


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    secret: Secret | Sequence[Secret],
    *,
    tolerance: float = 300,
    seen: SeenDeliveries | None = None,
    now: float | None = None,
    body_only: bool = False,
    remember: float = 86_400,
) -> WebhookEvent:
    """Return a delivery if it is to be trusted.

    ``body`` is the request's body as it came. ``secret`` is the ``signing_secret`` of
    the webhook, with or without ``whsec_``, or its 32 bytes; several while one is being
    replaced. ``tolerance`` and ``now`` are in seconds. Either set of headers will do,
    X-Mobius-* or Standard Webhooks; what is returned is only what was signed.

    With ``seen`` an id is taken once within ``remember`` seconds: the server sends a
    delivery that was not answered with 2xx again, under the same id. Answer a replayed
    one with 2xx.

    ``body_only`` is for webhooks created with a secret of your own, which sign the body
    and nothing else.

    Raises:
        WebhookRejected: with the reason.
        ConfigurationError: the secret is none.
    """
    secrets = [secret] if isinstance(secret, str | bytes) else list(secret)
    if not secrets or not isinstance(body, bytes):
        raise ConfigurationError("secret, body: expected a secret and the raw bytes")
    given = headers.items() if isinstance(headers, Mapping) else headers
    named = {str(name).lower(): str(value).strip() for name, value in given}
    if body_only:
        delivery_id, timestamp = _check_body(body, named, secrets), 0
    else:
        keys = [signing_key(one) for one in secrets]
        delivery_id, timestamp = _check_signed(body, named, keys)
        _check_time(timestamp, time.time() if now is None else now, tolerance)
    event = _read(body, delivery_id, timestamp)
    if seen is not None and delivery_id and not seen.add(delivery_id, seconds=remember):
        raise WebhookRejected("replayed", f"delivery {delivery_id} was taken before")
    return event


def signing_key(secret: Secret) -> bytes:
    """Return the 32 bytes behind a secret: base64 in either alphabet, padded or not,
    with or without ``whsec_``, or the bytes themselves.

    Raises:
        ConfigurationError: it is none of these.
    """
    if isinstance(secret, bytes) and len(secret) == KEY_BYTES:
        return secret
    text = secret.decode("ascii", "replace") if isinstance(secret, bytes) else secret
    plain = text.strip().removeprefix(_PREFIX).translate(str.maketrans("-_", "+/"))
    plain = plain.rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"secret: expected base64 of {KEY_BYTES} bytes, as signing_secret holds it;"
            " a secret of your own needs body_only=True"
        )
    return key


def _check_signed(
    body: bytes, headers: Mapping[str, str], keys: Sequence[bytes]
) -> tuple[str, int]:
    """Return id and timestamp, which were signed with the body."""
    schemes = [
        scheme
        for scheme in (_mobius(headers), _standard(headers))
        if scheme is not None
    ]
    if not schemes:
        raise WebhookRejected(
            "missing_header",
            "expected X-Mobius-Signature, -Signature-Version, -Timestamp and"
            " -Delivery-Id, or webhook-signature, -timestamp and -id",
        )
    malformed = None
    for scheme in schemes:
        try:
            at = scheme.read_time()
        except WebhookRejected as rejected:
            malformed = rejected
            continue
        if scheme.is_signed(body, keys):
            return scheme.delivery_id, at
    raise malformed or WebhookRejected(
        "bad_signature", "the body was not signed with this secret"
    )


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What one set of headers says. ``prefix`` is signed before the body; any of the
    ``signatures``, written as ``write`` does, will do."""

    delivery_id: str
    timestamp: str
    prefix: str
    signatures: Sequence[str]
    write: Callable[[bytes], str]

    def read_time(self) -> int:
        plain = self.timestamp
        if not (plain.isascii() and plain.isdigit() and len(plain) <= 12):
            raise WebhookRejected("malformed", "the timestamp is not in unix seconds")
        if len(self.delivery_id) > _ID_CHARS_MAX:
            raise WebhookRejected("malformed", "the delivery id is too long")
        return int(plain)

    def is_signed(self, body: bytes, keys: Sequence[bytes]) -> bool:
        message = self.prefix.encode("utf-8", "replace") + body
        good = False
        for key in keys:
            expected = self.write(hmac.digest(key, message, hashlib.sha256)).encode()
            for signature in self.signatures:
                given = signature.encode("utf-8", "replace")
                good |= hmac.compare_digest(expected, given)
        return good


def _mobius(headers: Mapping[str, str]) -> _Scheme | None:
    names = ("signature", "signature-version", "timestamp", "delivery-id")
    found = [headers.get(f"x-mobius-{name}", "") for name in names]
    signature, version, timestamp, delivery_id = found
    if not all(found) or version != _VERSION:
        return None
    prefix = f"{_VERSION}.{delivery_id}.{timestamp}."
    return _Scheme(delivery_id, timestamp, prefix, [signature], _write_hex)


def _standard(headers: Mapping[str, str]) -> _Scheme | None:
    names = ("signature", "timestamp", "id")
    found = [headers.get(f"webhook-{name}", "") for name in names]
    signatures, timestamp, delivery_id = found
    if not all(found):
        return None
    prefix = f"{delivery_id}.{timestamp}."
    return _Scheme(delivery_id, timestamp, prefix, signatures.split(), _write_base64)


def _write_hex(signature: bytes) -> str:
    return f"sha256={signature.hex()}"


def _write_base64(signature: bytes) -> str:
    return f"{_VERSION},{base64.b64encode(signature).decode()}"


def _check_body(
    body: bytes, headers: Mapping[str, str], secrets: Sequence[Secret]
) -> str:
    """Return the id, which is not signed, of a body that is."""
    signature = headers.get("x-mobius-signature", "")
    if not signature:
        raise WebhookRejected("missing_header", "expected X-Mobius-Signature")
    keys = [one.encode() if isinstance(one, str) else one for one in secrets]
    if not _Scheme("", "", "", [signature], _write_hex).is_signed(body, keys):
        raise WebhookRejected(
            "bad_signature", "the body was not signed with this secret"
        )
    return headers.get("x-mobius-delivery-id", "")[:_ID_CHARS_MAX]


def _check_time(timestamp: int, now: float, tolerance: float) -> None:
    if timestamp < now - tolerance:
        raise WebhookRejected("too_old", f"it was signed {now - timestamp:.0f} s ago")
    if timestamp > now + tolerance:
        raise WebhookRejected("too_new", f"it was signed {timestamp - now:.0f} s ahead")


def _read(body: bytes, delivery_id: str, timestamp: int) -> WebhookEvent:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WebhookRejected("malformed", "the body is not JSON") from error
    fields = told if isinstance(told, dict) else {}
    type_ = fields.get("type")
    return WebhookEvent(
        type_ if isinstance(type_, str) else "",
        fields.get("data"),
        delivery_id,
        timestamp,
        told,
    )
