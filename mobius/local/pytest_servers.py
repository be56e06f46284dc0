"""A pytest plugin: every test run has a PostgreSQL and a Valkey of its own.

They are started before the settings are read, once for all of pytest-xdist's
workers, and only when MOBIUS_DATABASE_URL or MOBIUS_REDIS_URL is not set. Each
worker gets a Redis database of its own (and from pytest-django its own PostgreSQL
database), so tests that flush Redis do not disturb each other.
"""

import os
from collections.abc import Generator
from urllib.parse import urlsplit

import pytest

from mobius.local.disposable import DisposableServers, are_missing
from mobius.local.errors import LocalError
from mobius.local.valkey import DATABASES


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, object, object]:
    """Have servers before pytest-django reads the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        os.environ["MOBIUS_REDIS_URL"] = redis_url_of_worker(
            os.environ["MOBIUS_REDIS_URL"], worker
        )
    elif are_missing():
        servers = DisposableServers()
        early_config.add_cleanup(servers.stop)
        try:
            servers.start()
        except LocalError as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def redis_url_of_worker(url: str, worker: str) -> str:
    """``url`` with the database number of the xdist worker ``gw0``, ``gw1``, ...

    Database 0 stays with the controller; more than 15 workers share databases.
    """
    number = 1 + int(worker.removeprefix("gw")) % (DATABASES - 1)
    return urlsplit(url)._replace(path=f"/{number}").geturl()
