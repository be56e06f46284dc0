"""Events whose publishers could not see the wait, however long they take to commit.

Each test holds a publisher, or the dispatcher that opens the wait, at the worst line.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.source_events.services.append import Fact, append_source_event
from tests.races.test_event_waits import appended_late, queued
from tests.runs.event_waiting import PAID, run_of, waiting
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.gate import gate
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SECOND = timedelta(seconds=1)
_FOR_A_RUN = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
AND datname = current_database() AND query LIKE '%FROM runs_run WHERE id = ANY%'
"""


def ask(statement: str) -> list[tuple[int, ...]]:
    """Execute statements; return what the last of them finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def beside(call: Callable[[], Any]) -> Iterator["Future[Any]"]:
    """Run a call in a thread of its own, until the block is over."""

    def run() -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)


@contextmanager
def locked(run_id: str) -> Iterator[None]:
    """Hold the lock of a run's row."""
    holds, release = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            Run.objects.select_for_update().get(id=run_id)
            holds.set()
            assert release.wait(20)

    with beside(hold) as holder:
        assert holds.wait(20)
        try:
            yield
        finally:
            release.set()
            holder.result(20)


def test_a_publisher_that_stands_still_inside_its_statement_is_waited_for(
    api: Api, project: Project
) -> None:
    """It has asked who listens and has not written a row: without a number of its own
    nobody could know that it is there."""
    run_id = queued(api, waiting())
    opened = clock.now()

    def publish() -> str:
        fact = Fact(project.id, PAID, "custom", settled=None)
        return append_source_event(fact, now=opened + SECOND / 1000)

    of_ours = f"NEW.event_type = '{PAID}'"
    with (
        gate(ask, "source_events_sourceevent", of_ours) as at_gate,
        beside(publish) as published,
    ):
        wait_until(at_gate.waiting)
        for number in (0, 1, 2, 4, 8):
            dispatch_all(opened + number * SECOND)
            assert run_of(api, run_id)["status"] == "suspended"
        at_gate.open()
        event_id = published.result(20)

    assert SourceEvent.objects.get(id=event_id).dispatched_at is not None
    dispatch_all(opened + 120 * SECOND)
    assert run_of(api, run_id)["status"] == "completed"


def test_a_publisher_that_began_after_the_one_who_opens_the_wait_is_waited_for(
    api: Api, project: Project
) -> None:
    """Its number is the next after that of the transaction that opens the wait, and
    nothing later has ended when the wait looks for the first time."""
    run_id = queued(api, waiting())
    opened = clock.now()
    with ExitStack() as late:
        with locked(run_id):
            drained = late.enter_context(beside(lambda: drain_batch(opened)))
            wait_until(lambda: ask(_FOR_A_RUN)[0][0])
            at = opened + SECOND / 1000
            commit = late.enter_context(appended_late(project.id, at))
        drained.result(20)
        for number in (0, 1, 2, 4, 8):
            dispatch_all(opened + number * SECOND)
            assert run_of(api, run_id)["status"] == "suspended"
        commit()

    assert SourceEvent.objects.get(event_type=PAID).dispatched_at is not None
    dispatch_all(opened + 120 * SECOND)
    assert run_of(api, run_id)["status"] == "completed"
