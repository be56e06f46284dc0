"""What the tests of definitions share."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Api

Create = Callable[..., dict[str, Any]]


def spec_of(*actions: str, name: str = "ingest-document") -> dict[str, Any]:
    """A spec with one step per action."""
    steps = [{"name": f"s{number}", "action": a} for number, a in enumerate(actions)]
    return {"name": name, "steps": steps}


@pytest.fixture
def create(api: Api) -> Create:
    """Creates a workflow through the API and returns what it answered."""

    def made(name: str = "Ingest document", **fields: Any) -> dict[str, Any]:
        body = {"name": name, "spec": spec_of("doc.parse", "doc.index"), **fields}
        answer = api.post("workflows", body)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    return made
