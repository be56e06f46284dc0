"""What tests of the worker socket share."""

from collections.abc import Iterator

import pytest

from tests.support.api import Api
from tests.support.server import running_server
from tests.support.worker_socket import SocketWorker


@pytest.fixture
def url(transactional_db: None) -> Iterator[str]:
    """The base URL of a running web process."""
    with running_server() as url:
        yield url


@pytest.fixture
def worker(url: str, api: Api) -> Iterator[SocketWorker]:
    """A registered worker with room for one job."""
    with SocketWorker.on(url, api) as worker:
        worker.register()
        yield worker
