"""One system for the whole folder, and for each test a project of its own in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from tests.contract.run_stories import World
from tests.support.api import Api
from tests.support.curl import Shell
from tests.support.frozen import FrozenClock
from tests.support.published import PublishedClient
from tests.support.remote import HandWorker, Remote
from tests.support.server import running_server
from tests.support.stack import Stack, Tenant


@pytest.fixture(scope="session")
def stack(shared_stack: Stack) -> Stack:
    """A running system with a lease of 3 seconds and heartbeats each second."""
    return shared_stack


@pytest.fixture
def tenant(stack: Stack) -> Tenant:
    """A project nobody has used yet."""
    return stack.new_tenant()


@pytest.fixture
def remote(stack: Stack, tenant: Tenant) -> Remote:
    """A client in the project."""
    return stack.remote(tenant)


@pytest.fixture
def worker(remote: Remote) -> HandWorker:
    """A worker that the test moves by hand."""
    return HandWorker(remote)


@pytest.fixture
def variables(stack: Stack, tenant: Tenant) -> dict[str, str]:
    """What the guides tell their readers to export."""
    return {
        "MOBIUS_BASE_URL": stack.base_url,
        "MOBIUS_API_KEY": tenant.api_key,
        "PROJECT": tenant.project,
        "WORKER_ID": "ingest-worker-1",
    }


@pytest.fixture
def shell(variables: dict[str, str]) -> Iterator[Shell]:
    """A terminal in which the guides' variables are exported."""
    shell = Shell(variables)
    yield shell
    shell.close()


@pytest.fixture
def open_client(remote: Remote) -> Iterator[Callable[[str], PublishedClient]]:
    """Run published clients of these versions in the project until the test ends."""
    running: list[PublishedClient] = []

    def open_one(version: str) -> PublishedClient:
        running.append(PublishedClient(version, remote))
        return running[-1]

    yield open_one
    for client in running:
        client.close()


@pytest.fixture
def world(
    transactional_db: None, project: Project, api: Api, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A project in process, whose rows are really committed, and a clock to move."""
    frozen = FrozenClock()
    monkeypatch.setattr(clock, "now", frozen)
    return World(project, api, frozen)


@pytest.fixture
def reader(world: World) -> Iterator[Remote]:
    """The same key over a socket, where timelines are read."""
    with running_server() as url:
        yield Remote(url, world.api.key, world.project.handle)


@pytest.fixture
def ask_approval(tenant: Tenant) -> dict[str, Any]:
    """A step that asks the project's reviewer."""
    question = {
        "type": "approval",
        "message": "Is it good?",
        "target": {"type": "user", "id": tenant.reviewer_id},
        "timeout": "1h",
    }
    return {"name": "ask", "interaction": question}
