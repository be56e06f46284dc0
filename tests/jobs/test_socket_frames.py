"""The worker socket, frame by frame, over a real server: all but claims and reports."""

import pytest

from apps.jobs.models import Job, Worker
from apps.jobs.services.drain_worker import drain_worker
from apps.run_events.models import RunEvent
from tests.support.api import Api
from tests.support.drive import start_run
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


# --- worker.register, worker.registered ------------------------------------------


def test_a_registration_is_answered_with_a_token_and_the_times_of_a_lease(
    url: str, api: Api
) -> None:
    with SocketWorker.on(url, api) as worker:
        answer = worker.register("w1", name="Ann", version="1.2", queues=["gpu"])

    assert set(answer) == {"type", "message_id", "worker_session_token", "lease"}
    assert answer["lease"] == {
        "lease_duration_seconds": 60,
        "heartbeat_cadence_seconds": 20,
    }
    (shown,) = api.get("workers").json()["items"]
    assert (shown["worker_id"], shown["name"], shown["version"]) == ("w1", "Ann", "1.2")
    assert (shown["queues"], shown["stale"]) == (["gpu"], False)


def test_nothing_is_served_before_a_registration(url: str, api: Api) -> None:
    with SocketWorker.on(url, api) as worker:
        sent = worker.send("jobs.claim", available_slots=1)

        assert worker.expect("error")["message_id"] == sent
        assert worker.closed_with() == 1008


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("worker_instance_id", ""),
        ("worker_instance_id", 7),
        ("concurrency_limit", 0),
        ("available_slots", -1),
        ("queues", "default"),
        ("action_names", [1]),
        ("models", [{"provider": "p"}]),
    ],
)
def test_a_wrong_registration_is_refused_by_name_and_may_be_mended(
    url: str, api: Api, field: str, value: object
) -> None:
    with SocketWorker.on(url, api) as worker:
        good = {"worker_instance_id": "w1", "concurrency_limit": 1}
        worker.send("worker.register", **{**good, field: value})

        error = worker.expect("error")["error"]
        assert error["code"] == "bad_request"
        assert error["message"].startswith(field)
        worker.register()


def test_a_socket_registers_once(worker: SocketWorker) -> None:
    worker.send("worker.register", worker_instance_id="w2")

    assert worker.expect("error")["error"]["code"] == "already_registered"


# --- generation.delta -------------------------------------------------------------


def test_generated_text_is_on_the_timeline_once(api: Api, worker: SocketWorker) -> None:
    run_id = start_run(api)
    (job,) = worker.claim()
    lease = {"job_id": job["id"], "lease_token": job["lease_token"]}

    for sequence in (0, 1, 1, 0, 2):
        delta = {"text": str(sequence)}
        worker.send("generation.delta", sequence=sequence, delta=delta, **lease)
        worker.expect("generation.delta.ack")

    lines = RunEvent.objects.filter(run_id=run_id, type="generation.delta")
    texts = [line.payload["delta"]["text"] for line in lines.order_by("seq")]
    assert texts == ["0", "1", "2"]
    assert lines[0].payload["step"] == "parse"


@pytest.mark.parametrize(
    ("field", "value"),
    [("delta", "text"), ("delta", {"t": "x" * 20_000}), ("sequence", -1)],
)
def test_generated_text_of_the_wrong_form_is_refused(
    api: Api, worker: SocketWorker, field: str, value: object
) -> None:
    start_run(api)
    (job,) = worker.claim()
    lease = {"job_id": job["id"], "lease_token": job["lease_token"]}

    good = {"sequence": 0, "delta": {}}
    worker.send("generation.delta", **lease, **{**good, field: value})

    error = worker.expect("error")["error"]
    assert (error["code"], error["message"].split(":")[0]) == ("bad_request", field)


def test_generated_text_of_somebody_elses_job_is_refused(worker: SocketWorker) -> None:
    lease = {"job_id": "job_x", "lease_token": "lease_x"}

    worker.send("generation.delta", sequence=0, delta={}, **lease)

    assert worker.expect("error")["error"]["code"] == "lease_lost"


# --- worker.drain, worker.draining, keepalive, everything else --------------------


def test_a_drained_worker_takes_nothing_more_and_is_let_go_after_its_last_job(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    (job,) = worker.claim()

    drain_worker(Worker.objects.get().id)

    worker.expect("worker.drain")
    sent = worker.send("worker.draining")
    worker.expect("worker.draining.ack", message_id=sent)
    start_run(api)
    assert "duplicate" not in worker.report(job)
    assert worker.closed_with() == 1000
    assert Job.objects.filter(status="pending").count() == 1


def test_a_drain_is_told_again_after_a_reconnect_and_ends_with_the_session(
    url: str, api: Api, worker: SocketWorker
) -> None:
    drain_worker(Worker.objects.get().id)
    worker.expect("worker.drain")

    with SocketWorker.on(url, api) as again:
        again.token = worker.token
        again.register()
        again.expect("worker.drain")

    wait_until(lambda: Worker.objects.get().connection_id == "")
    with SocketWorker.on(url, api) as fresh:
        start_run(api)
        fresh.register()
        assert fresh.claim()


def test_a_keepalive_of_the_worker_is_not_answered(worker: SocketWorker) -> None:
    worker.send("keepalive")
    sent = worker.send("worker.draining")

    assert worker.expect("worker.draining.ack", message_id=sent)
    assert worker.read() == []


@pytest.mark.parametrize(
    "raw", ["", "{", "[]", "7", '"x"', '{"type": 7}', '{"type": "x"}', b"\xff\x00"]
)
def test_a_malformed_frame_is_answered_and_harms_nobody(
    api: Api, worker: SocketWorker, raw: str | bytes
) -> None:
    worker.connection.send(raw)

    assert worker.expect("error")["error"]["code"] == "bad_request"
    start_run(api)
    assert worker.claim()
