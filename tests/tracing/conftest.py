"""What tests of traces share: spans in memory, and a web process that makes them."""

from collections.abc import Iterator

import pytest

from apps.kernel import tracing
from tests.support.api import Api
from tests.support.remote import Remote
from tests.support.server import running_server
from tests.tracing.spans import Spans


@pytest.fixture
def remote(transactional_db: None, api: Api) -> Iterator[Remote]:
    """A client in the project of ``api``, over a real socket."""
    with running_server() as url:
        yield Remote(url, api.key, api.project)


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Traces are on; what ends is here."""
    found = Spans()
    found.start()
    yield found
    tracing.stop()
