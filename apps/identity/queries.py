"""Reading what a list is asked."""

from collections.abc import Mapping
from typing import Any


def asks(query: Mapping[str, Any], name: str) -> bool:
    """Say whether a parameter says yes."""
    return str(query.get(name) or "").lower() in ("true", "1")
