"""The end of a server with workers on its sockets."""

from socket import create_connection

import pytest

from apps.jobs.models import Job, Worker
from apps.jobs.sockets import sockets
from tests.support.api import Api
from tests.support.drive import start_run
from tests.support.server import stoppable_server
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


def is_deaf(url: str) -> bool:
    """Whether nobody can connect any more."""
    try:
        create_connection(("127.0.0.1", int(url.rpartition(":")[2]))).close()
    except OSError:
        return True
    return False


def test_a_server_that_stops_lets_idle_workers_go_at_once(
    transactional_db: None, api: Api
) -> None:
    with stoppable_server() as (url, stop), SocketWorker.on(url, api) as worker:
        worker.register()
        worker.send("jobs.claim", available_slots=1)

        stop()

        assert worker.closed_with() == 1001
        # Python's workers would take a drain as the end of their life.
        assert "worker.drain" not in [frame["type"] for frame in worker.read()]
    assert sockets.count() == 0
    assert Worker.objects.get().connection_id == ""


def test_a_server_that_stops_takes_the_reports_of_jobs_in_hand(
    transactional_db: None, api: Api
) -> None:
    start_run(api)
    with stoppable_server() as (url, stop), SocketWorker.on(url, api) as worker:
        worker.register(concurrency_limit=2)
        (job,) = worker.claim(2)
        claim = worker.send("jobs.claim", available_slots=1)

        stop()
        wait_until(lambda: is_deaf(url))
        start_run(api)
        worker.beat(job)

        worker.expect("job.heartbeat.ack")
        assert "duplicate" not in worker.report(job)
        assert worker.closed_with() == 1001
    answered = [frame.get("message_id") for frame in worker.read()]
    assert claim not in answered
    assert Job.objects.filter(status="pending").count() == 1


def test_a_server_out_of_time_keeps_jobs_in_the_hands_of_their_workers(
    transactional_db: None, api: Api
) -> None:
    start_run(api)
    with stoppable_server() as (url, stop), SocketWorker.on(url, api) as worker:
        worker.register()
        (job,) = worker.claim()

        stop()

        assert worker.closed_with() == 1012
    with stoppable_server() as (url, _), SocketWorker.on(url, api) as again:
        again.token = worker.token
        again.register()
        assert "duplicate" not in again.report(job)
