"""Fixtures that every folder may use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.identity.models import Project
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.support.scheduling import FolderScheduling
from tests.support.stack import Stack


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """Keep tests that share a running system on one process."""
    return FolderScheduling(config, log)


#: About as many as the folders that share it have tests: one program makes them all.
TENANTS = 200


@pytest.fixture(scope="session")
def shared_stack() -> Iterator[Stack]:
    """A whole system with a lease of 3 seconds and heartbeats each second, for the
    folders that ``tests.support.scheduling`` keeps on one process."""
    here = {"MOBIUS_DELIVERY_ALLOWED_NETWORKS": "127.0.0.0/8"}
    stack = Stack(tenants_at_once=TENANTS, settings=here)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def project(db: None) -> Project:
    """A project in an organization of its own."""
    return make_project("acme")


@pytest.fixture
def api(project: Project) -> Api:
    """A client with an Admin key in ``project``."""
    return make_api(project, role="Admin")


@pytest.fixture
def api_as(project: Project) -> Callable[[str], Api]:
    """Clients in ``project`` by the name of a built-in role."""
    return lambda role: make_api(project, role=role)


@pytest.fixture
def stranger(db: None) -> Api:
    """A client with an Admin key in another organization's project."""
    return make_api(make_project("globex"), role="Admin")
