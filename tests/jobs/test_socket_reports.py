"""What workers on sockets say of their jobs: heartbeats, cancels, reports."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.jobs.models import Job
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all, start_run
from tests.support.specs import NO_RETRY, action, spec
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


# --- job.heartbeat, job.heartbeat.ack, job.cancel ---------------------------------


def test_a_heartbeat_is_acknowledged(api: Api, worker: SocketWorker) -> None:
    start_run(api)
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
    run_id = start_run(api)
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
    run_id = start_run(api)
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
    start_run(api)
    (job,) = worker.claim()

    worker.beat({**job, "lease_token": "lease_of_before"})

    assert worker.expect("error")["error"]["code"] == "lease_lost"
    assert worker.expect("job.cancel")["reason"] == "lease_lost"


# --- job.report, job.report.ack ---------------------------------------------------


def test_a_failed_report_is_retried_by_the_policy_of_the_step(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api, spec(action("parse", retry=NO_RETRY)))
    (job,) = worker.claim()

    worker.report(job, "failed", error_type="Broken", error_message="it broke")

    dispatch_all()
    assert Run.objects.get().status == "failed"
    stored = Job.objects.get()
    assert (stored.error_type, stored.error_message) == ("Broken", "it broke")


def test_a_job_given_up_by_its_worker_is_a_failed_attempt(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api, spec(action("parse", retry=NO_RETRY)))
    (job,) = worker.claim()

    worker.report(job, "cancelled")

    dispatch_all()
    run = Run.objects.get()
    assert (run.status, run.error_type) == ("failed", "Cancelled")


def test_a_repeated_report_is_a_duplicate_and_changes_nothing(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    (job,) = worker.claim()
    worker.report(job, result={"n": 1})

    assert worker.report(job, result={"n": 1})["duplicate"]
    assert worker.report(job, "failed", error_message="other")["duplicate"]
    dispatch_all()
    assert Run.objects.get().status == "completed"


def test_a_report_of_a_stale_lease_is_acknowledged_and_does_not_count(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
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
    start_run(api, spec(action("parse", retry=NO_RETRY)))
    (job,) = worker.claim()

    worker.report(job, result={"text": "x" * 1000})

    dispatch_all()
    run = Run.objects.get()
    assert (run.status, run.error_type) == ("failed", "payload_too_large")


def test_a_worker_over_its_capacity_gives_the_job_back_as_it_was(
    url: str, api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    (job,) = worker.claim()

    worker.report(job, "failed", error_type="WorkerOverCapacity")

    with SocketWorker.on(url, api) as other:
        other.register("w2")
        (again,) = other.claim()
    assert (again["id"], again["claim_attempt"]) == (job["id"], 1)
    assert again["lease_token"] != job["lease_token"]


# --- One job, two transports ------------------------------------------------------


def test_a_job_claimed_over_the_socket_is_not_held_by_worker_and_attempt(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
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


def test_events_of_a_job_claimed_over_the_socket_are_sent_with_its_lease_token(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    (job,) = worker.claim()
    path, events = f"jobs/{job['id']}/events", [{"type": "progress", "payload": {}}]
    fence = {"lease_token": job["lease_token"]}

    assert api.post(path, {**fence, "events": events}).status_code == 204
    assert RunEvent.objects.filter(type="progress", from_worker=True).count() == 1
    stale = api.post(path, {"lease_token": "lease_x", "events": events})
    assert (stale.status_code, stale.json()["code"]) == (409, "lease_lost")
    both = {**fence, "worker_id": "w1", "attempt": 1, "events": events}
    assert api.post(path, both).status_code == 400
    assert api.post(f"jobs/{job['id']}/heartbeat", fence).json()["ok"]
    assert "duplicate" not in worker.report(job)


def test_a_job_claimed_over_http_is_not_held_by_a_lease_token(
    project: Project, api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    job = claim(project.id, "w1")
    assert job is not None

    for token in ("", "lease_x"):
        worker.beat({"id": job["job_id"], "lease_token": token})
        code = worker.expect("error")["error"]["code"]
        assert code == ("lease_lost" if token else "bad_request")
    assert worker.report({"id": job["job_id"], "lease_token": "lease_x"})["duplicate"]
    report = {"worker_id": "w1", "attempt": 1, "status": "completed"}
    assert api.post(f"jobs/{job['job_id']}/complete", report).status_code == 204
