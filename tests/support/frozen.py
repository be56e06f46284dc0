"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


class FrozenClock:
    """Stands in for ``apps.kernel.clock.now``."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def tick(self, **amount: float) -> datetime:
        """Move on by a timedelta's arguments and return the new instant."""
        self.at += timedelta(**amount)
        return self.at
