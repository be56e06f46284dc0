"""Helpers for programs that use Mobius."""

from mobius.sdk.async_client import AsyncClient
from mobius.sdk.client import Client
from mobius.sdk.errors import (
    ApiError,
    AuthError,
    ConfigurationError,
    Conflict,
    ConnectionFailed,
    MobiusError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
    WaitTimedOut,
)
from mobius.sdk.resources.run_verbs import result_of
from mobius.sdk.resources.workflows import Plan
from mobius.sdk.streams import StreamEvent

__all__ = [
    "ApiError",
    "AsyncClient",
    "AuthError",
    "Client",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "MobiusError",
    "NotFound",
    "PermissionDenied",
    "Plan",
    "RateLimited",
    "StreamEvent",
    "Unavailable",
    "WaitTimedOut",
    "result_of",
]
