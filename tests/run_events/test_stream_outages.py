"""Streams while Redis is gone, frozen or forgetful, and readers that stall."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import InterfaceError, OperationalError
from django_eventstream.views import MAX_PENDING as QUEUE_MAX

from apps.realtime import bridge, outbound
from apps.realtime.subscription import subscription
from apps.run_events import live
from apps.run_events.followers import RunFollower
from apps.run_events.live import streams
from apps.run_events.selectors import Page, events_after
from tests.run_events.conftest import Timeline, Watch
from tests.support.server import running_server
from tests.support.valkey import OwnValkey, own_valkey
from tests.support.waiting import wait_until

pytestmark = pytest.mark.fault


@pytest.fixture
def valkey(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnValkey]:
    with own_valkey(settings, monkeypatch) as server:
        yield server


@pytest.fixture
def server(valkey: OwnValkey, transactional_db: None) -> Iterator[str]:
    with running_server() as url:
        wait_until(subscription.connected.is_set)
        yield url


def test_nothing_is_lost_or_repeated_while_redis_is_killed_and_comes_back(
    watch: Watch, timeline: Timeline, valkey: OwnValkey
) -> None:
    stream, project = watch(), watch("runs/events")
    stream.take(1)
    project.await_comment("open")
    timeline.add("run.started", status="queued")

    valkey.kill()
    timeline.add("run.running", "step.started")
    frames = stream.take(3, seconds=5)
    timeline.add("step.completed")
    frames += stream.take(1, seconds=5)
    valkey.start()
    wait_until(subscription.connected.is_set)
    timeline.add("step.started", "run.completed")
    frames += stream.rest()

    assert [f.id for f in frames] == ["1", "2", "3", "4", "5", "6"]
    assert [f.seq for f in project.take(6)] == [1, 2, 3, 4, 5, 6]


def test_a_frozen_redis_delays_lines_by_little_and_is_noticed(
    watch: Watch, timeline: Timeline, valkey: OwnValkey
) -> None:
    stream = watch()
    stream.take(1)

    valkey.freeze()
    try:
        timeline.add("run.started", status="queued")
        assert stream.take(1, seconds=6)[0].seq == 1
        wait_until(lambda: not subscription.connected.is_set())
    finally:
        valkey.thaw()
    wait_until(subscription.connected.is_set)

    timeline.add("run.completed")
    assert [f.seq for f in stream.rest()] == [2]


def test_a_stream_opens_and_ends_while_redis_is_away(
    watch: Watch, timeline: Timeline, valkey: OwnValkey
) -> None:
    valkey.kill()
    wait_until(lambda: not subscription.connected.is_set())
    timeline.add("run.started", status="queued")

    stream = watch(since=0)
    assert stream.take(1, seconds=2)[0].line == "seed"
    timeline.add("run.completed")

    assert [f.line for f in stream.rest(seconds=5)] == ["run.completed"]


def test_a_message_that_never_came_is_made_good_by_the_table(
    watch: Watch, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = watch()
    stream.take(1)
    with monkeypatch.context() as silenced:
        silenced.setattr(outbound, "attempt", lambda operation, fallback: fallback)
        timeline.add("run.started", "run.completed")

    assert [f.line for f in stream.rest(seconds=6)] == ["run.started", "run.completed"]


def test_a_stream_outlives_a_database_that_does_not_answer_for_a_while(
    watch: Watch, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([OperationalError("gone"), InterfaceError("closed")])

    def read(run_id: str, after: int) -> Page:
        for refusal in refusals:
            raise refusal
        return events_after(run_id, after)

    monkeypatch.setattr(bridge, "ASK_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(live, "events_after", read)
    timeline.add("run.started", "run.completed")

    frames = watch(since=1).rest()

    assert [f.line for f in frames] == ["seed", "run.completed"]


@pytest.fixture
def stalled(
    server: str, key: str, timeline: Timeline
) -> Iterator[http.client.HTTPResponse]:
    """An open stream that nobody reads, with little room in the kernel."""
    parts = urlsplit(server)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port)
    client.sock = socket.socket()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.sock.settimeout(20)
    client.sock.connect((parts.hostname, parts.port))
    path = f"/v1/projects/acme/runs/{timeline.run.id}/events"
    client.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = client.getresponse()
    yield answer
    answer.close()
    client.close()


def test_a_reader_that_stalls_holds_a_short_queue_and_later_gets_everything(
    stalled: http.client.HTTPResponse, timeline: Timeline
) -> None:
    lines = 600
    for _ in range(lines // 3 - 1):
        timeline.add(*["step.started"] * 3, text="x" * 15_000)
    timeline.add("step.started", "step.started", "run.completed")

    [follower] = streams.manager.listeners_by_channel[f"run.{timeline.run.id}"]
    assert isinstance(follower, RunFollower)
    assert follower.last < lines
    assert sum(map(len, follower.channel_items.values())) <= QUEUE_MAX
    told = stalled.read().split(b"\n")
    ids = [int(line[4:]) for line in told if line.startswith(b"id: ")]
    assert ids == list(range(1, lines + 1))
