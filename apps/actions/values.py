"""JSON from elsewhere, made fit to be stored and shown."""

from typing import Any

import orjson

from apps.api.rendering import DEPTH_MAX, is_deeper


class Unreadable(ValueError):
    """Not JSON, or nested too deep to be shown again."""


def read_value(body: bytes) -> Any:
    """Return the JSON value of ``body``, without the character NUL, which PostgreSQL
    does not take; None for an empty body.

    Raises:
        Unreadable: it is not JSON, or nested deeper than ``DEPTH_MAX`` levels.
    """
    if not body.strip():
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"it is not JSON: {error}") from None
    if is_deeper(value, DEPTH_MAX):
        raise Unreadable(f"it is nested deeper than {DEPTH_MAX} levels")
    return without_nul(value) if b"\\u0000" in body else value


def without_nul(value: Any) -> Any:
    """Return a JSON value with NUL taken out of every text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(name): without_nul(item) for name, item in value.items()}
    return value
