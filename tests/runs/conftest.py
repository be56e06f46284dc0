"""Fixtures of tests of runs."""

import pytest

from apps.kernel import clock
from tests.support.frozen import FrozenClock


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process, standing still."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing
