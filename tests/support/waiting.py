"""Waiting for a condition instead of sleeping."""

import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], object], *, seconds: float = 15, every: float = 0.01
) -> None:
    """Return when ``condition()`` is true; fail the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(every)
