"""The errors a caller can act on; ``apps.api.exceptions`` maps them to HTTP.

MobiusError
├── Invalid          400  the request can never succeed as written
├── Unauthenticated  401  no valid credential
├── PermissionDenied 403  a valid credential without the needed permission
├── NotFound         404  no such thing, or not visible to this principal
├── Conflict         409  legal request, wrong moment; read the state, then decide
│   └── LeaseLost         the (worker_id, attempt) fence no longer holds
├── TooLarge         413  more bytes than this endpoint takes
├── RateLimited      429  too many requests; details say when to come back
└── Unavailable      503  a dependency does not answer; try again
"""

from collections.abc import Mapping
from typing import Any, ClassVar


def over_limit(what: str, size: int, limit: int) -> str:
    """Return what to say of something that has more bytes than it may."""
    return f"{what}: {size} bytes, the limit is {limit}"


class MobiusError(Exception):
    """Base of every error that crosses an app boundary.

    ``code`` is stable and machine-readable, ``message`` is for people,
    ``details`` holds facts about this one case (JSON values) and ``headers`` go
    with the answer.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        **details: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = code or self.code
        self.headers: Mapping[str, str] = headers or {}
        self.details: Mapping[str, object] = details


class Invalid(MobiusError):
    """The request can never succeed as written."""

    code = "bad_request"
    status = 400


class Unauthenticated(MobiusError):
    """No valid credential."""

    code = "unauthorized"
    status = 401


class PermissionDenied(MobiusError):
    """A valid credential without the needed permission."""

    code = "permission_denied"
    status = 403


class NotFound(MobiusError):
    """No such thing, or not visible to this principal."""

    code = "not_found"
    status = 404


class Conflict(MobiusError):
    """A legal request at the wrong moment."""

    code = "conflict"
    status = 409


class LeaseLost(Conflict):
    """The fence (worker_id, attempt) no longer holds."""

    code = "lease_lost"


class TooLarge(MobiusError):
    """More bytes than this endpoint takes; details say how many, and its limit."""

    code = "payload_too_large"
    status = 413

    @classmethod
    def of(cls, what: str, size: int, limit: int, *, path: str = "") -> "TooLarge":
        """Return the error that names what is too large, by its path or in words."""
        where = {"path": path} if path else {}
        facts: dict[str, Any] = {**where, "limit": limit, "size": size}
        return cls(over_limit(what, size, limit), **facts)


class RateLimited(MobiusError):
    """Too many requests; details say when to come back."""

    code = "rate_limit_exceeded"
    status = 429


class Unavailable(MobiusError):
    """A dependency does not answer; try again."""

    code = "service_unavailable"
    status = 503
