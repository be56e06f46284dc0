"""The one place that reads the wall clock.

Edges call it; below them time is an argument.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)
