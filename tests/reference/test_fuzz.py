"""Requests drawn by chance, of every operation, against the real application.

Schemathesis makes them from the contract: some as it says they should be, some as it
says they should not. Whatever they are, the answer is one that the contract has: its
status, its code, its media type, its fields. And none is a defect of the server.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.worlds import World, make_world
from tests.support.api import Api
from tests.support.factories import make_api
from tests.support.reference import METHODS, closed_contract
from tests.support.server import running_server

#: Requests per operation: as they should be, and as they should not.
EXAMPLES = {GenerationMode.POSITIVE: 10, GenerationMode.NEGATIVE: 6}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Answered by streams, or held for as long as the request says: see ``test_streams``.
HELD = {
    *("claimJob", "streamRunEvents", "streamRunEventsAlways", "streamProjectEvents"),
    *("streamSession", "streamAgentSessionEvents"),
}
CHAPTERS = [tag["name"] for tag in closed_contract()["tags"]]


def takes_something(path: str) -> bool:
    """Whether there is anything to be wrong: documents and health take nothing, and
    providers may send whatever they like."""
    return path.startswith(("/v1/projects", "/v1/triggers"))


def operations_of(chapter: str) -> list[tuple[str, str]]:
    """Path and method of the operations of a chapter; what deletes comes last."""
    found = [
        (path, method)
        for path, item in closed_contract()["paths"].items()
        for method in METHODS
        if method in item
        and chapter in item[method]["tags"]
        and item[method]["operationId"] not in HELD
    ]
    return sorted(found, key=lambda each: each[1] == "delete")


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_whatever_is_sent_the_answer_is_in_the_reference(
    server: str, chapter: str
) -> None:
    world = make_world("acme")
    api = make_api(world.project, role="Owner")
    world.ids.update(addresses(api, chapter))
    schema = schemathesis.openapi.from_dict(closed_contract())

    for path, method in operations_of(chapter):
        operation = schema[path][method]
        for mode, count in EXAMPLES.items():
            strategy = operation.as_strategy(generation_mode=mode)
            if takes_something(path):
                explore(strategy, world, server, api.key, count)
            elif mode == GenerationMode.POSITIVE:
                explore(strategy, world, server, api.key, 1 + count * ("{" in path))


def addresses(api: Api, chapter: str) -> dict[str, str]:
    """What stands in the public addresses of a chapter."""
    if chapter == "Integrations":
        body = {"name": "Code", "provider": "github", "secret": "webhook-1"}
        handle = api.post("integrations", body).json()["handle"]
        return {"provider": "github", "handle": handle}
    targets = [{"workflow_id": api.get("workflows").json()["items"][0]["id"]}]
    hook: dict[str, Any] = {"name": "hook", "kind": "webhook", "targets": targets}
    return {"handle": api.post("triggers", hook).json()["webhook_handle"]}


def explore(strategy: Any, world: World, server: str, key: str, count: int) -> None:
    """Send ``count`` requests of one operation and judge what comes back."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, finds=st.integers(0, 7))
    def one(case: Case, finds: int) -> None:
        aim(case, world, finds)
        case.call_and_validate(
            base_url=server,
            headers={"Authorization": f"Bearer {key}"},
            checks=CHECKS,
        )

    one()


def aim(case: Case, world: World, finds: int) -> None:
    """Name the project, and most often objects that are there."""
    for name in case.path_parameters or {}:
        if name == "project":
            case.path_parameters[name] = world.project.handle
        elif finds and name in world.ids:
            case.path_parameters[name] = world.ids[name]
