"""Folders, accounts and servers for the tests of the local system."""

import shutil
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from mobius.local.accounts import Account, server_account
from mobius.local.children import Guard
from mobius.local.console import Console
from mobius.local.folders import DataFolder
from mobius.local.supervisor import Supervisor


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder that the servers' account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="mobius-local-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def account() -> Account:
    return server_account()


@pytest.fixture
def data(place: Path) -> Iterator[DataFolder]:
    """A data folder that nobody has opened yet."""
    data = DataFolder(place / "data")
    yield data
    data.close()


@pytest.fixture
def said() -> StringIO:
    """What was printed."""
    return StringIO()


@pytest.fixture
def supervisor(said: StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(Console(said), Guard())
    yield supervisor
    supervisor.stop()
