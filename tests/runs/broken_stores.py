"""Stores with one defect each: what the simulated interleavings have to find.

Three are what PostgreSQL would do to a dispatcher that asked it the wrong way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.runs.waiting_events import EventWait, StoredEvent
from tests.runs.simulated_store import Program, Row, Store


class Blind(Store):
    """A wait that looks back sees nothing."""

    def look_back(self, wait: EventWait, run: Any) -> list[StoredEvent]:
        return []


class NumberedLate(Store):
    """A publisher has its number only after it looked for listeners."""

    def publish(self, number: int) -> Program:
        at, heard = self.now, bool(self.waits)
        yield
        transaction = self.begin()
        yield
        self.add_event(number, at, heard=heard)
        self.end(transaction)


@dataclass(slots=True)
class BoundedTooLow(Store):
    """A look counts as open only whoever is numbered up to the last that ended."""

    last_ended: int = 0

    def end(self, transaction: int) -> None:
        self.open.discard(transaction)
        self.last_ended = max(self.last_ended, transaction)

    def transactions_now(self) -> tuple[int, int]:
        following = self.last_ended + 1
        return min([*self.open, following]), following


class Unlocked(Store):
    """Two dispatchers may move the run at once."""

    def is_locked(self) -> bool:
        return False


class Unordered(Store):
    """Nobody asks what others have in hand."""

    def undispatched_before(
        self, instant: Any, projects: Any, *, but: Any
    ) -> list[StoredEvent]:
        return []


class HalfDone(Store):
    """A dispatcher that crashes has marked its events as done."""

    def let_go(self, taken: Sequence[Row], *, dispatched: bool) -> None:
        Store.let_go(self, taken, dispatched=True)


BROKEN = (Blind, NumberedLate, BoundedTooLow, Unlocked, Unordered, HalfDone)
