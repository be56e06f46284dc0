"""One system for the whole folder; for each test a load in a project of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.checker import Checker
from tests.faults.load import Load
from tests.faults.reactions import Reactions
from tests.faults.readers import KEEP_ALIVE_SECONDS
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A running system with a lease of 3 seconds and heartbeats each second."""
    settings = {
        "MOBIUS_KEEP_ALIVE_SECONDS": str(KEEP_ALIVE_SECONDS),
        "MOBIUS_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    stack = Stack(settings=settings)
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def checker(stack: Stack) -> Iterator[Checker]:
    """The program that reads what a load left behind."""
    checker = Checker(stack.environment)
    yield checker
    checker.stop()


@pytest.fixture
def load(stack: Stack, checker: Checker, tmp_path: Path) -> Iterator[Load]:
    """A load of runs that is going well."""
    load = Load(stack, stack.new_tenant(), checker, tmp_path)
    try:
        load.start()
        load.await_finished(5)
        yield load
    finally:
        load.abandon()


@pytest.fixture
def reactions(stack: Stack) -> Iterator[Reactions]:
    """A project of the test's own, with triggers and waits."""
    reactions = Reactions(stack, stack.new_tenant())
    yield reactions
    reactions.switch_off()
