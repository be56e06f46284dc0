"""Fixtures of access."""

import pytest

from apps.identity.models import Role
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles
from apps.kernel import clock
from tests.support.frozen import NOON, FrozenClock


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process, standing still."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def roles(db: None) -> dict[str, Role]:
    """The built-in roles by name."""
    return dict(ensure_built_in_roles(now=NOON))
