"""The stream of all runs of a project: one order, nothing missed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import pytest
from django.db import connection, transaction

from apps.identity.models import Project
from apps.run_events.live import streams
from apps.run_events.models import RunStream
from apps.run_events.selectors import project_events_after, project_horizon
from tests.run_events.conftest import Timeline, Watch, make_timeline
from tests.support.factories import make_project
from tests.support.waiting import wait_until


@contextmanager
def open_transaction(timeline: Timeline, type_: str) -> Iterator[None]:
    """Append a line in another thread's transaction; commit it when the block ends."""
    written, commit = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                timeline.add(type_)
                written.set()
                assert commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert written.wait(20)
        yield
    finally:
        commit.set()
        thread.join()


def test_a_project_stream_shows_the_lines_of_all_its_runs_and_no_others(
    watch: Watch, home: Project
) -> None:
    first, second = make_timeline(home), make_timeline(home)
    other = make_timeline(make_project("globex"))
    first.add("run.started", status="queued")
    # Transactions of others on this server, begun before, hold the horizon back.
    head = RunStream.objects.get(run_id=first.run.id)
    wait_until(lambda: project_horizon()[0] > head.last_xid)
    stream = watch("runs/events")
    stream.await_comment("open")

    second.add("run.started", status="queued")
    other.add("run.started", status="queued")
    first.add("run.completed")
    second.add("run.completed")

    frames = stream.take(3)
    assert [(f.data["run_id"], f.line) for f in frames] == [
        (second.run.id, "run.started"),
        (first.run.id, "run.completed"),
        (second.run.id, "run.completed"),
    ]
    assert [f.seq for f in frames] == [1, 2, 2]


def test_a_project_stream_goes_on_from_any_of_its_ids(
    watch: Watch, home: Project
) -> None:
    timeline = make_timeline(home)
    stream = watch("runs/events")
    stream.await_comment("open")
    timeline.add(*["step.started"] * 5)
    frames = stream.take(5)

    for index, frame in enumerate(frames):
        again = watch("runs/events", since=frame.id)
        assert [f.id for f in again.take(4 - index)] == [
            f.id for f in frames[index + 1 :]
        ]
    last = watch("runs/events", since=frames[0].id, last_event_id=frames[2].id)
    assert [f.id for f in last.take(2)] == [f.id for f in frames[3:]]


def test_a_position_from_the_future_means_now(watch: Watch, home: Project) -> None:
    timeline = make_timeline(home)
    stream = watch("runs/events", since="9999999999999999.1")
    stream.await_comment("open")

    timeline.add("run.started")

    assert stream.take(1)[0].line == "run.started"


@pytest.mark.race
def test_transactions_that_commit_in_the_opposite_order_are_shown_in_one_order(
    watch: Watch, home: Project
) -> None:
    early, late = make_timeline(home), make_timeline(home)
    stream = watch("runs/events")
    stream.await_comment("open")
    start = project_horizon()

    with open_transaction(early, "run.started"):
        late.add("run.started")
        page = project_events_after(home.id, start)
        assert (page.events, page.held_back) == ([], True)

    frames = stream.take(2)
    assert [f.data["run_id"] for f in frames] == [early.run.id, late.run.id]
    again = watch("runs/events", since=frames[0].id).take(1)
    assert [f.id for f in again] == [frames[1].id]


@contextmanager
def transaction_that_began() -> Iterator[Callable[[Callable[[], None]], None]]:
    """A transaction in another thread that has its number and waits for its work."""
    numbered, work = threading.Event(), Queue[Callable[[], None]]()

    def run() -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_current_xact_id()")
                numbered.set()
                work.get(timeout=20)()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert numbered.wait(20)
    yield work.put
    thread.join()


@pytest.mark.race
def test_a_transaction_that_began_before_the_last_line_writes_after_it(
    watch: Watch, timeline: Timeline, home: Project
) -> None:
    stream = watch("runs/events")
    stream.await_comment("open")
    start = project_horizon()

    with transaction_that_began() as do:
        timeline.add("run.started")
        assert project_events_after(home.id, start).held_back
        do(lambda: timeline.add("step.started", "step.completed"))

    frames = stream.take(3)
    assert [f.seq for f in frames] == [1, 2, 3]
    again = watch("runs/events", since=frames[0].id).take(2)
    assert [f.seq for f in again] == [2, 3]


@pytest.mark.race
def test_no_line_is_missed_or_repeated_while_many_write(
    watch: Watch, home: Project
) -> None:
    timelines = [make_timeline(home) for _ in range(4)]
    stream = watch("runs/events")
    stream.await_comment("open")

    def write(timeline: Timeline) -> None:
        try:
            for _ in range(15):
                with transaction.atomic():
                    timeline.add("step.started", "step.completed")
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=[t]) for t in timelines]
    for writer in writers:
        writer.start()
    frames = stream.take(60)
    stream.close()
    resumed = watch("runs/events", last_event_id=frames[-1].id)
    frames += resumed.take(60)
    for writer in writers:
        writer.join()

    for timeline in timelines:
        numbers = [f.seq for f in frames if f.data["run_id"] == timeline.run.id]
        assert numbers == list(range(1, 31))


def test_streams_of_one_project_share_one_feed_that_stops_with_the_last(
    watch: Watch, timeline: Timeline
) -> None:
    first, second = watch("runs/events"), watch("runs/events")
    first.await_comment("open")
    second.await_comment("open")
    wait_until(lambda: streams.count() == 2)
    assert streams.feed_count() == 1

    timeline.add("run.started")
    assert first.take(1) == second.take(1)
    first.close()
    second.close()

    wait_until(lambda: streams.feed_count() == 0)
