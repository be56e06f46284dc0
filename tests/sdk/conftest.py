"""One system for the whole folder, and for each test a project of its own in it."""

import threading
from collections.abc import Callable, Iterator

import pytest

from mobius.sdk import Client, Worker
from tests.support.stack import Stack, Tenant


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A running system with a lease of 3 seconds and heartbeats each second."""
    stack = Stack(tenants_at_once=40)
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def tenant(stack: Stack) -> Tenant:
    """A project nobody has used yet."""
    return stack.new_tenant()


@pytest.fixture
def client(stack: Stack, tenant: Tenant) -> Iterator[Client]:
    """A client in the project."""
    with Client(stack.base_url, tenant.api_key, tenant.project) as client:
        yield client


@pytest.fixture
def work() -> Iterator[Callable[[Worker], Worker]]:
    """Run workers on threads of their own until the test ends."""
    running: list[tuple[Worker, threading.Thread]] = []

    def begin(worker: Worker) -> Worker:
        thread = threading.Thread(target=worker.run)
        thread.start()
        running.append((worker, thread))
        return worker

    yield begin
    for worker, _ in running:
        worker.stop()
    for _, thread in running:
        thread.join(timeout=20)
        assert not thread.is_alive()
