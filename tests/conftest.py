"""Fixtures that every folder may use."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.support.scheduling import FolderScheduling


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """Keep tests that share a running system on one process."""
    return FolderScheduling(config, log)


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
