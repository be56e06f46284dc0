"""What can go wrong, as exceptions.

MobiusError
├── ConfigurationError   an argument or a variable is missing or contradicts another
├── ConnectionFailed     no usable answer came
├── WaitTimedOut         a run did not end within the time given
├── WebhookRejected      a delivery is not to be trusted; see ``mobius.sdk.webhooks``
└── ApiError             the server answered with 400 or more
    ├── AuthError        401
    ├── PermissionDenied 403
    ├── NotFound         404
    ├── Conflict         409
    ├── RateLimited      429
    └── Unavailable      502, 503, 504
"""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final


class MobiusError(Exception):
    """Base of every error of this package."""


class ConfigurationError(MobiusError, ValueError):
    """An argument or a variable is missing or contradicts another; nothing was sent."""


class ConnectionFailed(MobiusError):
    """No usable answer came: the request may or may not have been acted on."""


class WaitTimedOut(MobiusError, TimeoutError):
    """A run did not end within the time given. It goes on."""


class ApiError(MobiusError):
    """The server refused. ``code`` is for programs, ``message`` for people,
    ``details`` holds facts, ``retry_after`` is in seconds if the server named any."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any],
        request_id: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        now: float = 0.0,
    ) -> None:
        super().__init__(f"{message} ({code}, HTTP {status})")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.request_id = request_id
        sent = headers or {}
        self.retry_after = read_retry_after(sent.get("retry-after", ""), now=now)


class AuthError(ApiError):
    """401: the key is missing, unknown, revoked or expired."""


class PermissionDenied(ApiError):
    """403: the key is good and may not do this."""


class NotFound(ApiError):
    """404: no such thing in this project."""


class Conflict(ApiError):
    """409: the wrong moment; read the state, then decide."""


class RateLimited(ApiError):
    """429. ``limit``, ``remaining`` and ``reset`` (unix seconds) are None where the
    server did not say; ``scope`` is ``key``, ``org`` or empty."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        sent: Mapping[str, str] = more.get("headers") or {}
        self.limit = _whole(sent.get("x-ratelimit-limit", ""))
        self.remaining = _whole(sent.get("x-ratelimit-remaining", ""))
        self.reset = _whole(sent.get("x-ratelimit-reset", ""))
        self.scope = sent.get("x-ratelimit-scope", "")
        self.policy = sent.get("x-ratelimit-policy", "")


class Unavailable(ApiError):
    """502, 503 or 504: something that is needed does not answer; try again."""


_BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    401: AuthError,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def api_error(
    status: int, headers: Mapping[str, str], raw: bytes, *, now: float
) -> ApiError:
    """Return the error an answer stands for. Names of ``headers`` are in lower case;
    ``now`` is in unix seconds. The body is ``{code, message, details}``, flat or below
    ``error``; any other body becomes the message."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    nested = body.get("error")
    body = {**body, **nested} if isinstance(nested, dict) else body
    text = raw[:500].decode(errors="replace").strip()
    details = body.get("details")
    return _BY_STATUS.get(status, ApiError)(
        status,
        str(body.get("code") or f"http_{status}"),
        str(body.get("message") or text or "the server gave no reason"),
        details if isinstance(details, dict) else {},
        headers.get("x-request-id") or headers.get("request-id") or "",
        headers=headers,
        now=now,
    )


def read_retry_after(text: str, *, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date;
    None when there are none to read."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit():
        return float(plain)
    try:
        moment = parsedate_to_datetime(plain)
        return max(0.0, moment.timestamp() - now)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _whole(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() else None
