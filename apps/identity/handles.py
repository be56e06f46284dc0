"""Handles: the names that stand in paths."""

import re
import unicodedata

from apps.api.body import invalid_field

HANDLE_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
HANDLE_LENGTH_MAX = 63


def derive_handle(name: str) -> str:
    """Return the handle that goes with a name: ``Ingest Dócs!`` -> ``ingest-docs``.

    Raises:
        Invalid: the name holds neither a letter nor a digit of ASCII.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    handle = "-".join(words)[:HANDLE_LENGTH_MAX].strip("-")
    if not handle:
        raise invalid_field("name", "expected a letter or a digit to make a handle of")
    return handle


def check_handle(handle: str) -> str:
    """Return ``handle`` as it is.

    Raises:
        Invalid: it is not lower-case words joined by single hyphens, or too long.
    """
    fits = 0 < len(handle) <= HANDLE_LENGTH_MAX
    if not fits or not re.fullmatch(HANDLE_PATTERN, handle):
        raise invalid_field(
            "handle",
            f"expected up to {HANDLE_LENGTH_MAX} characters like acme or acme-docs",
        )
    return handle
