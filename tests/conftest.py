"""Fixtures that every folder may use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from apps.identity.models import Project
from tests.support.api import Api
from tests.support.emptying import empty_tables
from tests.support.factories import make_api, make_project
from tests.support.scheduling import FolderScheduling
from tests.support.shared_rows import Once, shared_rows
from tests.support.stack import Stack


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """Keep tests that share a running system on one process."""
    return FolderScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty only the tables that a committing test has filled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Once]:
    """Make rows once for all tests of a module, each of which starts from them."""
    with shared_rows(django_db_blocker) as once:
        yield once


#: About as many as the folders that share it have tests: one program makes them all.
TENANTS = 200


@pytest.fixture(scope="session")
def shared_stack() -> Iterator[Stack]:
    """A whole system with a lease of 3 seconds and heartbeats each second, for the
    folders that ``tests.support.scheduling`` keeps on one process."""
    here = {"MOBIUS_OUTBOUND_ALLOW": "127.0.0.0/8"}
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
