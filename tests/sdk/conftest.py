"""The system that ``tests/contract`` uses too, and for each test a project in it."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from mobius.sdk import AsyncWorker, Client, Worker
from tests.support.stack import Stack, Tenant
from tests.support.stalling_proxy import StallingProxy, stalling_proxy

Work = Callable[[Worker], Worker]


@pytest.fixture(scope="session")
def stack(shared_stack: Stack) -> Stack:
    """A running system with a lease of 3 seconds and heartbeats each second."""
    return shared_stack


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
def proxy(stack: Stack) -> Iterator[StallingProxy]:
    """A network before the system, to be lost and found."""
    with stalling_proxy(stack.base_url) as proxy:
        yield proxy


@pytest.fixture
def work() -> Iterator[Work]:
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


@contextlib.asynccontextmanager
async def at_work(worker: AsyncWorker) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a worker on this loop; it is stopped at the end, if it did not end before."""
    task = asyncio.create_task(worker.run(handle_signals=False))
    try:
        yield task
    finally:
        worker.stop()
        async with asyncio.timeout(20):
            await task
