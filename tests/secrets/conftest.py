"""What the tests of secrets share."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Api
from tests.tracing.conftest import spans

__all__ = ["Create", "create", "spans"]

Create = Callable[..., dict[str, Any]]


@pytest.fixture
def create(api: Api) -> Create:
    """Creates a secret through the API and returns what it answered."""

    def made(name: str = "callbacks", **values: str) -> dict[str, Any]:
        body = {"name": name, "values": values or {"token": "hunter2"}}
        answer = api.post("secrets", body)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    return made
