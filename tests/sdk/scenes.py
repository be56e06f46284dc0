"""What tests of workers have in common."""

from typing import Any, Literal

import pytest

from mobius.sdk import Client
from tests.support.specs import action, spec

QUICK = [{"max_retries": 2, "base_delay": "0s"}]
TRANSPORTS: list[Literal["http", "socket"]] = ["http", "socket"]
both = pytest.mark.parametrize("transport", TRANSPORTS)


def start(client: Client, *names: str, **more: Any) -> str:
    steps = [action(name, **more) for name in names]
    return str(client.runs.start(spec=spec(*steps))["id"])


def await_claimed(client: Client, run_id: str) -> None:
    seen = client.runs.watch(
        run_id, until=lambda event: event.type == "action.claimed", timeout=30
    )
    assert list(seen)[-1].type == "action.claimed"
