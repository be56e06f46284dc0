"""What tests of definitions share."""

import pytest

from apps.kernel import clock
from tests.support.frozen import FrozenClock


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """A clock the test moves."""
    still = FrozenClock()
    monkeypatch.setattr(clock, "now", still)
    return still
