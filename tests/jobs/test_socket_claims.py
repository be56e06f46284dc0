"""How workers on sockets come by jobs: claims, and the word that there is work."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.jobs.models import Job
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import dispatch_all, start_run
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


# --- jobs.claim, jobs.claimed, work.available -------------------------------------


def test_a_job_goes_from_claim_to_report(api: Api, worker: SocketWorker) -> None:
    run_id = start_run(api)

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

    start_run(api)

    assert worker.expect("jobs.claimed", message_id=sent)["jobs"]


def test_a_claim_takes_as_many_jobs_as_there_is_room_for(url: str, api: Api) -> None:
    for _ in range(4):
        start_run(api)
    with SocketWorker.on(url, api) as worker:
        worker.register(concurrency_limit=3)

        assert len(worker.claim(2)) == 2
        assert len(worker.claim(1)) == 1
        assert worker.claim(0) == []


def test_no_claim_takes_more_than_the_worker_registered_for(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    start_run(api)

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
    start_run(api, queue="gpu")
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

    start_run(api)

    assert worker.expect("jobs.claimed", message_id=first)["jobs"]


def test_an_idle_worker_is_told_that_there_is_work(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)

    assert set(worker.expect("work.available")) == {"type"}


def test_a_worker_without_room_is_not_told_of_work(
    api: Api, worker: SocketWorker
) -> None:
    start_run(api)
    (job,) = worker.claim()
    worker.read()
    start_run(api)

    worker.beat(job)
    worker.expect("job.heartbeat.ack")

    assert "work.available" not in [frame["type"] for frame in worker.read()]
    worker.report(job)
    worker.expect("work.available")


def test_room_that_is_left_is_told_of_the_next_job(url: str, api: Api) -> None:
    with SocketWorker.on(url, api) as worker:
        worker.register(concurrency_limit=2)
        start_run(api)
        assert len(worker.claim(2)) == 1
        worker.read()

        start_run(api)

        worker.expect("work.available")
        assert len(worker.claim(1)) == 1


def test_work_of_which_no_message_told_is_found(
    project: Project, api: Api, worker: SocketWorker
) -> None:
    start_run(api, queue="elsewhere")
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

        start_run(api)

        worker.expect("work.available")
