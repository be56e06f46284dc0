"""The worker socket, frame by frame, over a real server."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.jobs.models import Job, Worker
from apps.jobs.services.drain_worker import drain_worker
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


def start(api: Api, authored: object = ONE_STEP, **body: object) -> str:
    answer = api.post("runs", {"spec": authored, **body})
    assert answer.status_code == 202, answer.content
    dispatch_all()
    return str(answer.json()["id"])


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


# --- jobs.claim, jobs.claimed, work.available -------------------------------------


def test_a_job_goes_from_claim_to_report(api: Api, worker: SocketWorker) -> None:
    run_id = start(api)

    (job,) = worker.claim()

    assert set(job) == {
        *("id", "kind", "origin", "executor_kind", "queue", "action_name", "run_id"),
        *("step_id", "spec", "lease_token", "claim_attempt"),
        *("lease_duration_seconds", "heartbeat_cadence_seconds"),
    }
    assert (job["kind"], job["origin"]) == ("action_execution", "server_internal")
    assert (job["run_id"], job["claim_attempt"]) == (run_id, 1)
    assert job["spec"] == {"action_name": "do.parse", "parameters": {}}
    ack = worker.report(job, result={"pages": 3})
    assert (ack["job_id"], "duplicate" in ack) == (job["id"], False)
    dispatch_all()
    run = Run.objects.get()
    assert (run.status, run.result) == ("completed", {"pages": 3})


def test_a_held_claim_gets_the_job_that_comes(api: Api, worker: SocketWorker) -> None:
    sent = worker.send("jobs.claim", available_slots=1)

    start(api)

    assert worker.expect("jobs.claimed", message_id=sent)["jobs"]


def test_a_claim_takes_as_many_jobs_as_there_is_room_for(url: str, api: Api) -> None:
    for _ in range(4):
        start(api)
    with SocketWorker.on(url, api) as worker:
        worker.register(concurrency_limit=3)

        assert len(worker.claim(2)) == 2
        assert len(worker.claim(1)) == 1
        assert worker.claim(0) == []


def test_no_claim_takes_more_than_the_worker_registered_for(
    api: Api, worker: SocketWorker
) -> None:
    start(api)
    start(api)

    assert len(worker.claim(10)) == 1


def test_a_claim_that_finds_nothing_is_answered_empty(
    url: str, api: Api, settings: Any
) -> None:
    settings.HEARTBEAT = settings.HEARTBEAT / 40
    with SocketWorker.on(url, api) as worker:
        worker.register()

        assert worker.claim() == []


def test_a_worker_gets_jobs_of_its_queues_and_actions_only(
    url: str, api: Api, settings: Any
) -> None:
    settings.HEARTBEAT = settings.HEARTBEAT / 40
    start(api, queue="gpu")
    with SocketWorker.on(url, api) as worker:
        worker.register(queues=["default"])
        assert worker.claim() == []
        assert worker.claim(queues=["gpu"], action_names=["do.other"]) == []

        assert worker.claim(queues=["gpu"], action_names=["do.parse"])


def test_a_wrong_claim_is_answered_with_the_reason_and_with_nothing(
    worker: SocketWorker,
) -> None:
    sent = worker.send("jobs.claim", available_slots="many")

    assert worker.expect("error")["error"]["message"].startswith("available_slots")
    assert worker.expect("jobs.claimed", message_id=sent)["jobs"] == []


def test_a_second_claim_does_not_take_the_place_of_the_first(
    api: Api, worker: SocketWorker
) -> None:
    first = worker.send("jobs.claim", available_slots=1)
    second = worker.send("jobs.claim", available_slots=1)
    assert worker.expect("jobs.claimed", message_id=second)["jobs"] == []
    assert worker.expect("error")["error"]["code"] == "claim_outstanding"

    start(api)

    assert worker.expect("jobs.claimed", message_id=first)["jobs"]


def test_an_idle_worker_is_told_that_there_is_work(
    api: Api, worker: SocketWorker
) -> None:
    start(api)

    assert set(worker.expect("work.available")) == {"type"}


def test_a_worker_without_room_is_not_told_of_work(
    api: Api, worker: SocketWorker
) -> None:
    start(api)
    (job,) = worker.claim()
    worker.read()
    start(api)

    worker.beat(job)
    worker.expect("job.heartbeat.ack")

    assert "work.available" not in [frame["type"] for frame in worker.read()]
    worker.report(job)
    worker.expect("work.available")


def test_room_that_is_left_is_told_of_the_next_job(url: str, api: Api) -> None:
    with SocketWorker.on(url, api) as worker:
        worker.register(concurrency_limit=2)
        start(api)
        assert len(worker.claim(2)) == 1
        worker.read()

        start(api)

        worker.expect("work.available")
        assert len(worker.claim(1)) == 1


def test_work_of_which_no_message_told_is_found(
    project: Project, api: Api, worker: SocketWorker
) -> None:
    start(api, queue="elsewhere")
    worker.read()
    # As if the message had been lost: the row is there, nobody was told.
    Job.objects.update(status="cancelled")
    worker.read()
    Job.objects.update(status="pending")

    worker.expect("work.available")


def test_a_worker_that_says_it_is_ready_is_told_of_what_it_wants_now(
    url: str, api: Api
) -> None:
    with SocketWorker.on(url, api) as worker:
        worker.register(queues=["gpu"], available_slots=0)
        worker.send("worker.ready", available_slots=1, queues=["default"])

        start(api)

        worker.expect("work.available")


# --- job.heartbeat, job.heartbeat.ack, job.cancel ---------------------------------


def test_a_heartbeat_is_acknowledged(api: Api, worker: SocketWorker) -> None:
    start(api)
    (job,) = worker.claim()

    sent = worker.beat(job)

    ack = worker.expect("job.heartbeat.ack")
    assert ack == {
        "type": "job.heartbeat.ack",
        "job_id": job["id"],
        "message_id": sent,
    }


def test_a_worker_is_told_at_once_that_its_run_was_cancelled(
    api: Api, worker: SocketWorker
) -> None:
    run_id = start(api)
    (job,) = worker.claim()

    api.post(f"runs/{run_id}/cancellations")

    order = worker.expect("job.cancel")
    assert (order["job_id"], order["reason"]) == (job["id"], "run_cancelled")
    assert order["requested_at"].endswith("Z")
    worker.beat(job)
    assert worker.expect("job.heartbeat.ack")["cancel"]["job_id"] == job["id"]


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_report_after_the_cancel_neither_retries_nor_changes_the_run(
    api: Api, worker: SocketWorker, status: str
) -> None:
    run_id = start(api)
    (job,) = worker.claim()
    dispatch_all()
    api.post(f"runs/{run_id}/cancellations")
    worker.expect("job.cancel")

    worker.report(job, status, error_type="Cancelled")

    dispatch_all()
    assert Run.objects.get().status == "cancelled"
    assert [job.status for job in Job.objects.all()] == ["cancelled"]


def test_a_heartbeat_of_a_lost_lease_tells_the_worker_to_stop(
    api: Api, worker: SocketWorker
) -> None:
    start(api)
    (job,) = worker.claim()

    worker.beat({**job, "lease_token": "lease_of_before"})

    assert worker.expect("error")["error"]["code"] == "lease_lost"
    assert worker.expect("job.cancel")["reason"] == "lease_lost"


# --- job.report, job.report.ack ---------------------------------------------------


def test_a_failed_report_is_retried_by_the_policy_of_the_step(
    api: Api, worker: SocketWorker
) -> None:
    start(api, spec(action("parse", retry=NO_RETRY)))
    (job,) = worker.claim()

    worker.report(job, "failed", error_type="Broken", error_message="it broke")

    dispatch_all()
    assert Run.objects.get().status == "failed"
    stored = Job.objects.get()
    assert (stored.error_type, stored.error_message) == ("Broken", "it broke")


def test_a_job_given_up_by_its_worker_is_a_failed_attempt(
    api: Api, worker: SocketWorker
) -> None:
    start(api, spec(action("parse", retry=NO_RETRY)))
    (job,) = worker.claim()

    worker.report(job, "cancelled")

    dispatch_all()
    run = Run.objects.get()
    assert (run.status, run.error_type) == ("failed", "Cancelled")


def test_a_repeated_report_is_a_duplicate_and_changes_nothing(
    api: Api, worker: SocketWorker
) -> None:
    start(api)
    (job,) = worker.claim()
    worker.report(job, result={"n": 1})

    assert worker.report(job, result={"n": 1})["duplicate"]
    assert worker.report(job, "failed", error_message="other")["duplicate"]
    dispatch_all()
    assert Run.objects.get().status == "completed"


def test_a_report_of_a_stale_lease_is_acknowledged_and_does_not_count(
    api: Api, worker: SocketWorker
) -> None:
    start(api)
    (job,) = worker.claim()

    ack = worker.report({**job, "lease_token": "lease_of_before"})

    assert ack["duplicate"]
    assert worker.expect("error")["error"]["code"] == "lease_lost"
    assert Job.objects.get().status == "claimed"


def test_a_report_of_a_job_that_is_not_there_is_acknowledged(
    worker: SocketWorker,
) -> None:
    assert worker.report({"id": "job_nowhere", "lease_token": "lease"})["duplicate"]


def test_a_result_over_the_limit_fails_the_attempt_and_says_why(
    api: Api, worker: SocketWorker, settings: Any
) -> None:
    settings.RESULT_BYTES_MAX = 1000
    start(api, spec(action("parse", retry=NO_RETRY)))
    (job,) = worker.claim()

    worker.report(job, result={"text": "x" * 1000})

    dispatch_all()
    run = Run.objects.get()
    assert (run.status, run.error_type) == ("failed", "payload_too_large")


def test_a_worker_over_its_capacity_gives_the_job_back_as_it_was(
    url: str, api: Api, worker: SocketWorker
) -> None:
    start(api)
    (job,) = worker.claim()

    worker.report(job, "failed", error_type="WorkerOverCapacity")

    with SocketWorker.on(url, api) as other:
        other.register("w2")
        (again,) = other.claim()
    assert (again["id"], again["claim_attempt"]) == (job["id"], 1)
    assert again["lease_token"] != job["lease_token"]


# --- generation.delta -------------------------------------------------------------


def test_generated_text_is_on_the_timeline_once(api: Api, worker: SocketWorker) -> None:
    run_id = start(api)
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
    start(api)
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
    start(api)
    (job,) = worker.claim()

    drain_worker(Worker.objects.get().id)

    worker.expect("worker.drain")
    sent = worker.send("worker.draining")
    worker.expect("worker.draining.ack", message_id=sent)
    start(api)
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
        start(api)
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
    start(api)
    assert worker.claim()


# --- One job, two transports ------------------------------------------------------


def test_a_job_claimed_over_the_socket_is_not_held_by_worker_and_attempt(
    api: Api, worker: SocketWorker
) -> None:
    start(api)
    (job,) = worker.claim()
    fence = {"worker_id": "w1", "attempt": 1}

    for verb, more in (
        ("heartbeat", {}),
        ("complete", {"status": "completed"}),
        ("events", {"events": [{"type": "x"}]}),
    ):
        answer = api.post(f"jobs/{job['id']}/{verb}", {**fence, **more})
        assert (verb, answer.status_code) == (verb, 409)
        assert answer.json()["code"] == "lease_lost"
    assert "duplicate" not in worker.report(job)


def test_a_job_claimed_over_http_is_not_held_by_a_lease_token(
    project: Project, api: Api, worker: SocketWorker
) -> None:
    start(api)
    job = claim(project.id, "w1")
    assert job is not None

    for token in ("", "lease_x"):
        worker.beat({"id": job["job_id"], "lease_token": token})
        code = worker.expect("error")["error"]["code"]
        assert code == ("lease_lost" if token else "bad_request")
    assert worker.report({"id": job["job_id"], "lease_token": "lease_x"})["duplicate"]
    report = {"worker_id": "w1", "attempt": 1, "status": "completed"}
    assert api.post(f"jobs/{job['job_id']}/complete", report).status_code == 204
