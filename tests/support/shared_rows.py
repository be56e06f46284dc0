"""Rows that the tests of a module find and leave as they were.

    @pytest.fixture(scope="module")
    def acme(once: Once) -> World:
        return once(lambda: make_world("acme"))

They lie in a transaction around the tests, each of which is rolled back to a
savepoint. Not for modules with a test that really commits.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

T = TypeVar("T")


class Once:
    """Makes rows for all tests of a module."""

    def __init__(self, blocker: DjangoDbBlocker) -> None:
        self._blocker = blocker

    def __call__(self, make: Callable[[], T]) -> T:
        """Return what ``make`` returns; run what waits for a commit in PostgreSQL."""
        with self._blocker.unblock():
            made = make()
            connection.check_constraints()
        return made


@contextmanager
def shared_rows(blocker: DjangoDbBlocker) -> Iterator[Once]:
    """Keep the rows made inside until the end; leave nothing behind."""
    around = transaction.atomic()
    # As Django's own test cases mark theirs: durable blocks may begin inside.
    around._from_testcase = True  # type: ignore[attr-defined]
    with blocker.unblock():
        around.__enter__()
    try:
        yield Once(blocker)
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
