"""Appending lines: numbers without gaps, one statement, news after commit."""

import threading
from typing import Any

import orjson
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.kernel import clock
from apps.realtime import outbound
from apps.run_events.models import RunEvent, RunStream
from apps.run_events.selectors import PAGE_BYTES, events_after, runs_ahead
from apps.run_events.services.append import Entry, append_run_events


def entry(run_id: str, type_: str = "step.started", **payload: Any) -> Entry:
    return Entry(run_id, "prj_1", type_, payload, "running")


def roll_back_after_appending(count: int) -> None:
    with transaction.atomic():
        append_run_events([entry("run_a")] * count, now=clock.now())
        transaction.set_rollback(True)


def numbers(run_id: str) -> list[int]:
    rows = RunEvent.objects.filter(run_id=run_id).order_by("id")
    return list(rows.values_list("seq", flat=True))


@pytest.mark.django_db
def test_lines_of_several_runs_are_numbered_each_in_the_order_given() -> None:
    RunStream.objects.create(run_id="run_a", project_id="prj_1")
    append_run_events([entry("run_a", "run.started")], now=clock.now())

    append_run_events(
        [
            entry("run_b", "one"),
            entry("run_a", "two"),
            entry("run_b", "three"),
            entry("run_a", "four"),
        ],
        now=clock.now(),
    )

    def types(run_id: str) -> list[tuple[int, str]]:
        return [(event.seq, event.type) for event in events_after(run_id, 0).events]

    assert types("run_a") == [(1, "run.started"), (2, "two"), (3, "four")]
    assert types("run_b") == [(1, "one"), (2, "three")]
    assert runs_ahead({"run_a": 2, "run_b": 2}) == {"run_a": True}


@pytest.mark.django_db
def test_an_append_is_one_statement_and_an_empty_one_is_none() -> None:
    with CaptureQueriesContext(connection) as queries:
        append_run_events([entry("run_a"), entry("run_b")], now=clock.now())
        append_run_events([], now=clock.now())

    assert len(queries) == 1


@pytest.mark.django_db
def test_what_was_written_is_read_back_unchanged() -> None:
    now = clock.now()
    payload = {
        "text": "ä\n\u2028 'quoted' %s",
        "list": [1, 2.5, None],
        "deep": {"a": {}},
    }
    append_run_events(
        [Entry("run_a", "prj_1", "my.type", payload, "queued", from_worker=True)],
        now=now,
    )

    [event] = events_after("run_a", 0).events

    assert (event.payload, event.status, event.created_at, event.from_worker) == (
        payload,
        "queued",
        now,
        True,
    )


@pytest.mark.django_db
def test_a_page_ends_at_its_size_or_its_weight() -> None:
    append_run_events([entry("run_a") for _ in range(5)], now=clock.now())
    append_run_events(
        [entry("run_a", text="x" * PAGE_BYTES) for _ in range(2)], now=clock.now()
    )

    def page(after: int, limit: int = 200) -> tuple[list[int], bool]:
        found = events_after("run_a", after, limit)
        return [event.seq for event in found.events], found.has_more

    assert page(0, 2) == ([1, 2], True)
    assert page(0) == ([1, 2, 3, 4, 5, 6], True)
    assert page(6) == ([7], False)
    assert page(7) == ([], False)


@pytest.mark.django_db(transaction=True)
def test_news_leave_in_one_message_after_the_commit_and_not_after_a_rollback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        outbound, "attempt", lambda operation, fallback: operation(Recorder(sent))
    )

    with transaction.atomic():
        append_run_events([entry("run_a"), entry("run_b")], now=clock.now())
        append_run_events([entry("run_a")], now=clock.now())
        assert sent == []
    roll_back_after_appending(1)

    [messages] = sent
    items = [item for message in messages for item in message["events"]]
    assert [(i["channel"], i["pub_id"]) for i in items] == [
        ("run.run_a", 1),
        ("run.run_b", 1),
        ("run.run_a", 2),
    ]
    assert RunStream.objects.get(run_id="run_a").last_seq == 2


@pytest.mark.django_db(transaction=True)
def test_a_big_batch_is_announced_without_its_payloads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        outbound, "attempt", lambda operation, fallback: operation(Recorder(sent))
    )

    append_run_events([entry("run_a", text="x" * 70_000)], now=clock.now())

    [[message]] = sent
    assert message["events"] == [
        {
            "channel": "run.run_a",
            "event_type": "step.started",
            "pub_id": 1,
            "project_id": "prj_1",
        }
    ]


class Recorder:
    """Stands for a Redis client; keeps what was published."""

    def __init__(self, sent: list[Any]) -> None:
        self._sent = sent

    def execute_command(self, command: str, channel: str, body: bytes) -> None:
        assert command == "PUBLISH"
        self._sent.append(orjson.loads(body))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_concurrent_appends_to_the_same_runs_leave_no_gap_and_do_not_deadlock() -> None:
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    def write(order: list[str]) -> None:
        try:
            together.wait()
            for _ in range(20):
                append_run_events(
                    [entry(run_id) for run_id in order for _ in range(2)],
                    now=clock.now(),
                )
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    orders = [["run_a", "run_b"], ["run_b", "run_a"]] * 2
    writers = [threading.Thread(target=write, args=[order]) for order in orders]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert failures == []
    for run_id in ("run_a", "run_b"):
        assert sorted(numbers(run_id)) == list(range(1, 161))
        assert RunStream.objects.get(run_id=run_id).last_seq == 160


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_append_gives_its_numbers_back() -> None:
    append_run_events([entry("run_a")], now=clock.now())
    roll_back_after_appending(2)

    append_run_events([entry("run_a")], now=clock.now())

    assert numbers("run_a") == [1, 2]
