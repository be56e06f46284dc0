"""What tests of triggers share."""

import pytest

from apps.kernel import clock
from tests.support.api import Api
from tests.support.frozen import FrozenClock
from tests.support.specs import action, spec
from tests.triggers.scenes import workflow

DECLARED = spec(action("build"), inputs=[{"name": "sha", "type": "string"}])


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """A clock the test moves; it stands at noon of a day without change of clocks."""
    still = FrozenClock()
    monkeypatch.setattr(clock, "now", still)
    return still


@pytest.fixture
def build(api: Api) -> str:
    """A workflow that declares one input, ``sha``."""
    return workflow(api, "build", DECLARED)
