"""Which deliveries were taken before."""

import threading
import time
from collections import OrderedDict
from typing import Protocol

from mobius.sdk.errors import ConfigurationError


class SeenDeliveries(Protocol):
    """Remembers deliveries, for one process or for many."""

    def add(self, delivery_id: str, *, seconds: float) -> bool:
        """Remember an id for so long, in one step; return whether it was new. With
        Redis: ``SET key 1 NX EX seconds``."""


class ReplayCache:
    """Remembers deliveries in memory, the last ``size`` of them at most. For any number
    of threads."""

    def __init__(self, size: int = 100_000) -> None:
        if size < 1:
            raise ConfigurationError("size: expected 1 or more")
        self._size = size
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, delivery_id: str, *, seconds: float) -> bool:
        """Remember an id for so long; return whether it was new."""
        now = time.monotonic()
        with self._lock:
            known = self._until.get(delivery_id)
            if known is not None and known > now:
                return False
            self._until[delivery_id] = now + seconds
            self._until.move_to_end(delivery_id)
            while len(self._until) > self._size:
                self._until.popitem(last=False)
            return True

    def forget(self, delivery_id: str) -> None:
        """Take the id for new again, because handling it failed."""
        with self._lock:
            self._until.pop(delivery_id, None)

    def __len__(self) -> int:
        return len(self._until)
