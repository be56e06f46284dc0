"""API keys as text: made, recognised, hashed. Pure but for randomness.

A key is ``mbx_`` and 43 URL-safe characters (32 random bytes). It may be sent with
the handle of its project: ``mbx_….<handle>`` or ``<handle>/mbx_…``.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from apps.identity.handles import HANDLE_PATTERN

KEY_PREFIX = "mbx_"
SHOWN_PREFIX_LENGTH = 8

_FORM = re.compile(
    rf"(?:(?P<before>{HANDLE_PATTERN})/)?(?P<key>mbx_[A-Za-z0-9_-]{{20,128}})"
    rf"(?:\.(?P<after>{HANDLE_PATTERN}))?"
)


class PresentedKey(NamedTuple):
    """A key as it was sent: its digest and the project handle it was sent with."""

    digest: str
    handle: str


def mint_key() -> str:
    """Return a new secret key; the only moment it exists in full."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def digest_of(key: str) -> str:
    """Return the SHA-256 of a bare key, hexadecimal. Keys have 256 random bits, so
    a plain hash is as good as a slow one."""
    return hashlib.sha256(key.encode()).hexdigest()


def bearer_of(authorization: str | None, x_api_key: str | None) -> str | None:
    """Return the credential of a request: its ``Authorization``, else what its
    ``x-api-key`` says in the place of it."""
    return authorization or (f"Bearer {x_api_key}" if x_api_key else None)


def bearer_in(headers: Mapping[str, str]) -> str | None:
    """Return the credential in headers whose names are lower case."""
    return bearer_of(headers.get("authorization"), headers.get("x-api-key"))


def read_bearer(authorization: str | None) -> PresentedKey | None:
    """Return the key in an ``Authorization: Bearer …`` header; None when malformed.

    A key sent with two different handles is malformed.
    """
    scheme, _, token = (authorization or "").strip().partition(" ")
    match = _FORM.fullmatch(token.strip()) if scheme.lower() == "bearer" else None
    if match is None:
        return None
    before, after = match["before"] or "", match["after"] or ""
    if before and after and before != after:
        return None
    return PresentedKey(digest_of(match["key"]), before or after)
