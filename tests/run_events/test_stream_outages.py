"""Streams while Redis is gone, frozen or forgetful, and readers that stall."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from apps.realtime import outbound
from apps.realtime.subscription import subscription
from apps.run_events.followers import RunFollower
from apps.run_events.live import streams
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
        silenced.setattr(outbound, "attempt", lambda operation: None)
        timeline.add("run.started", "run.completed")

    assert [f.line for f in stream.rest(seconds=6)] == ["run.started", "run.completed"]


def test_a_reader_that_stalls_holds_a_short_queue_and_later_gets_everything(
    server: str, key: str, timeline: Timeline
) -> None:
    parts = urlsplit(server)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    client.connect()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.request(
        "GET",
        f"/v1/projects/acme/runs/{timeline.run.id}/events",
        headers={"Authorization": f"Bearer {key}"},
    )
    answer = client.getresponse()
    filler = "x" * 15_000

    for _ in range(60):
        timeline.add(*["step.started"] * 20, text=filler)
    timeline.add("run.completed")

    [follower] = streams.manager.listeners_by_channel[f"run.{timeline.run.id}"]
    assert isinstance(follower, RunFollower)
    wait_until(lambda: follower.overflow)
    assert follower.last < 1100
    assert sum(map(len, follower.channel_items.values())) <= 10
    lines = answer.read().split(b"\n")
    ids = [int(line[4:]) for line in lines if line.startswith(b"id: ")]
    assert ids == list(range(1, 1202))
    client.close()
