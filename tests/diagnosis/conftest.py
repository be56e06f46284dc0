"""Fixtures of tests of diagnoses."""

import pytest

from apps.kernel import clock
from apps.realtime import pulses
from apps.realtime.pulses import Role, give_pulse
from tests.support.frozen import FrozenClock


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process, standing still."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture(autouse=True)
def celery_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beat and a worker have just given a sign of life."""
    monkeypatch.setattr(pulses, "_given", {})
    give_pulse(Role.BEAT)
    give_pulse(Role.WORKER)
