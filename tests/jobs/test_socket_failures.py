"""The network goes, Redis goes, a worker does not read: what holds anyway."""

import contextlib
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as conf
from websockets.exceptions import ConnectionClosed

from apps.identity.models import Project
from apps.jobs.models import Job
from apps.jobs.services.rescue import rescue_jobs
from apps.jobs.sockets import sockets
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.support.api import Api
from tests.support.drive import dispatch_all, start_run
from tests.support.server import running_server
from tests.support.specs import NO_RETRY, action, spec
from tests.support.stalling_proxy import stalling_proxy
from tests.support.valkey import OwnValkey, own_valkey
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]


def told(kind: str = "loop.run_allocation.completed") -> int:
    return SourceEvent.objects.filter(event_type=kind).count()


# --- The network ------------------------------------------------------------------


def test_a_report_that_was_lost_on_the_way_counts_once(url: str, api: Api) -> None:
    start_run(api)
    with stalling_proxy(url) as network, SocketWorker.on(network.url, api) as worker:
        worker.register()
        (job,) = worker.claim()
        lease = {"job_id": job["id"], "lease_token": job["lease_token"]}

        network.stall()
        worker.send("job.report", result={"n": 1}, **lease)
        with SocketWorker.on(url, api) as again:
            again.token = worker.token
            again.register()
            assert "duplicate" not in again.report(job, result={"n": 1})
            network.flow()

            # The old socket was replaced: what arrives on it late moves nothing.
            assert worker.closed_with() == 1008
            assert again.report(job, result={"n": 1})["duplicate"]
    dispatch_all()
    assert told() == 1
    assert Run.objects.get().status == "completed"


def test_a_report_whose_answer_was_lost_is_a_duplicate_when_it_comes_again(
    url: str, api: Api
) -> None:
    start_run(api)
    with stalling_proxy(url) as network, SocketWorker.on(network.url, api) as worker:
        worker.register()
        (job,) = worker.claim()
        lease = {"job_id": job["id"], "lease_token": job["lease_token"]}
        network.stall(answers_only=True)
        worker.send("job.report", **lease)
        wait_until(lambda: Job.objects.get().status == "completed")

        with SocketWorker.on(url, api) as again:
            again.token = worker.token
            again.register()
            assert again.report(job)["duplicate"]

        network.flow()
    assert told() == 1


def test_a_worker_that_stays_away_loses_its_job_to_the_next_attempt(
    url: str, api: Api
) -> None:
    start_run(api)
    with SocketWorker.on(url, api) as worker:
        worker.register()
        (job,) = worker.claim()
    late = clock.now() + conf.LEASE + timedelta(seconds=1)

    assert rescue_jobs(now=late) == 1

    dispatch_all(late)
    Job.objects.filter(status="pending").update(available_at=clock.now())
    with SocketWorker.on(url, api) as again:
        again.token = worker.token
        again.register()
        (next_one,) = again.claim()
        assert next_one["claim_attempt"] == 2
        assert again.report(job)["duplicate"]
        assert "duplicate" not in again.report(next_one)


def test_a_job_past_its_time_limit_is_stopped_at_once(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    (job,) = worker.claim()
    Job.objects.update(deadline_at=clock.now())

    rescue_jobs(now=clock.now())

    order = worker.expect("job.cancel")
    assert (order["job_id"], order["reason"]) == (job["id"], "timeout")


# --- Redis ------------------------------------------------------------------------


@pytest.fixture
def valkey(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnValkey]:
    """A Redis of this test's own."""
    with own_valkey(settings, monkeypatch) as server:
        yield server


@pytest.fixture
def url_with(valkey: OwnValkey, transactional_db: None) -> Iterator[str]:
    """A web process that uses it."""
    with running_server() as url:
        yield url


def test_a_wiped_redis_takes_no_job_and_no_session_away(
    url_with: str, valkey: OwnValkey, api: Api
) -> None:
    start_run(api)
    with SocketWorker.on(url_with, api) as worker:
        worker.register()
        (job,) = worker.claim()
        worker.beat(job)
        worker.expect("job.heartbeat.ack")
        with redis.Redis.from_url(valkey.url) as client:
            client.flushall()

        assert rescue_jobs(now=clock.now() + conf.LEASE / 2) == 0

        with SocketWorker.on(url_with, api) as again:
            again.token = worker.token
            again.register()
            again.beat(job)
            again.expect("job.heartbeat.ack")
            assert "duplicate" not in again.report(job)


def test_without_redis_jobs_are_found_cancels_told_and_sockets_replaced(
    url_with: str, valkey: OwnValkey, api: Api
) -> None:
    with SocketWorker.on(url_with, api) as worker:
        worker.register()
        valkey.kill()
        claim = worker.send("jobs.claim", available_slots=1)

        run_id = start_run(api)

        (job,) = worker.expect("jobs.claimed", message_id=claim)["jobs"]
        api.post(f"runs/{run_id}/cancellations")
        worker.beat(job)
        assert worker.expect("job.heartbeat.ack")["cancel"]["job_id"] == job["id"]
        with SocketWorker.on(url_with, api) as again:
            again.token = worker.token
            again.register()
            assert worker.closed_with() == 1008


# --- A worker that does not read --------------------------------------------------


def test_who_does_not_read_is_let_go_and_costs_nothing(
    url: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.jobs.socket.FRAMES_AT_ONCE", 10**9)
    monkeypatch.setattr("apps.realtime.websocket.CLOSE_SECONDS_MAX", 0.2)
    small = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with SocketWorker.on(url, api, sock=small, max_queue=1) as worker:
        worker.register()
        raw = json.dumps({"type": "nothing", "message_id": "m" * 128})

        def flood() -> bool:
            for _ in range(500):
                worker.connection.send(raw)
            return sockets.count() == 0

        with contextlib.suppress(ConnectionClosed):
            wait_until(flood, seconds=60, every=0)
        wait_until(lambda: sockets.count() == 0)


def test_who_sends_too_much_is_served_more_slowly_and_not_refused(
    url: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.jobs.socket.FRAMES_AT_ONCE", 5)
    monkeypatch.setattr("apps.jobs.socket.FRAMES_PER_SECOND", 50)
    began = clock.now()
    with SocketWorker.on(url, api) as worker:
        worker.register()

        sent = [worker.send("worker.draining") for _ in range(30)]

        for message_id in sent:
            worker.expect("worker.draining.ack", message_id=message_id)
    assert (clock.now() - began).total_seconds() > 0.4


def test_a_job_too_large_for_a_frame_fails_and_says_why(
    project: Project, api: Api, worker: SocketWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = action("parse", parameters={"text": "x" * 5000}, retry=NO_RETRY)
    monkeypatch.setattr("apps.jobs.frames.FRAME_BYTES_MAX", 4000)
    start_run(api, spec(big))
    sent = worker.send("jobs.claim", available_slots=1)

    wait_until(lambda: Job.objects.get().status == "failed")

    start_run(api)
    assert worker.expect("jobs.claimed", message_id=sent)["jobs"]
    dispatch_all()
    assert Run.objects.filter(error_type="payload_too_large").count() == 1


def test_jobs_that_do_not_fit_into_one_frame_go_back(
    url: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.jobs.frames.FRAME_BYTES_MAX", 4000)
    big = spec(action("parse", parameters={"text": "x" * 2500}))
    start_run(api, big)
    start_run(api, big)
    with SocketWorker.on(url, api) as worker:
        worker.register(concurrency_limit=2)

        assert len(worker.claim(2)) == 1
        assert len(worker.claim(1)) == 1
