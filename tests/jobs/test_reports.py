"""Heartbeat, events, complete: the fence decides."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.identity.models import Project
from apps.jobs import leases
from apps.jobs.models import Job
from apps.kernel import clock
from apps.run_events.models import RunEvent
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(api: Api, project: Project) -> dict[str, Any]:
    api.post("runs", {"spec": ONE_STEP})
    dispatch_all()
    found = claim(project.id, "w1")
    assert found is not None
    return found


def fence(job: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"worker_id": "w1", "attempt": job["attempt"], **other}


def run_of(api: Api, job: dict[str, Any]) -> Any:
    return api.get(f"runs/{job['run_id']}").json()


def test_a_heartbeat_by_the_holder_is_ok(api: Api, job: dict[str, Any]) -> None:
    answer = api.post(f"jobs/{job['job_id']}/heartbeat", fence(job))

    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "directives": {"should_cancel": False}}


@pytest.mark.parametrize("verb", ["heartbeat", "complete", "events"])
@pytest.mark.parametrize("wrong", [{"worker_id": "w2"}, {"attempt": 2}])
def test_a_wrong_fence_is_409(
    api: Api, job: dict[str, Any], verb: str, wrong: dict[str, Any]
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "heartbeat": {},
        "complete": {"status": "completed"},
        "events": {"events": [{"type": "x", "payload": {}}]},
    }
    more = bodies[verb]

    answer = api.post(f"jobs/{job['job_id']}/{verb}", {**fence(job), **more, **wrong})

    assert answer.status_code == 409
    assert answer.json()["code"] == "lease_lost"


def test_a_job_of_another_project_is_404(stranger: Api, job: dict[str, Any]) -> None:
    answer = stranger.post(f"jobs/{job['job_id']}/heartbeat", fence(job))

    assert answer.status_code == 404


def test_the_row_gets_a_copy_of_the_lease_once_half_of_it_is_gone(
    api: Api, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Job.objects.get()
    assert row.lease_expires_at is not None
    api.post(f"jobs/{job['job_id']}/heartbeat", fence(job))
    assert Job.objects.get().lease_expires_at == row.lease_expires_at
    later = row.lease_expires_at - settings.LEASE / 3
    monkeypatch.setattr(clock, "now", lambda: later)

    api.post(f"jobs/{job['job_id']}/heartbeat", fence(job))

    assert Job.objects.get().lease_expires_at == later + settings.LEASE


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_after_redis_was_wiped_makes_the_lease_again(
    api: Api, job: dict[str, Any]
) -> None:
    leases.release(job["job_id"])

    api.post(f"jobs/{job['job_id']}/heartbeat", fence(job))

    (left,) = leases.remaining([leases.Held(job["job_id"], "w1", 1)])
    assert left > timedelta(seconds=1)


def test_the_same_report_twice_is_accepted_and_counts_once(
    api: Api, job: dict[str, Any]
) -> None:
    body = fence(job, status="completed", result_b64=b64({"n": 1}))
    assert api.post(f"jobs/{job['job_id']}/complete", body).status_code == 204
    dispatch_all()

    again = api.post(f"jobs/{job['job_id']}/complete", body)

    assert again.status_code == 204
    dispatch_all()
    ends = RunEvent.objects.filter(type="action.completed").count()
    assert ends == 1
    assert run_of(api, job)["status"] == "completed"


def test_a_worker_that_could_not_do_a_job_gives_it_back_as_it_was(
    api: Api, project: Project, job: dict[str, Any]
) -> None:
    path = f"jobs/{job['job_id']}/complete"
    body = fence(job, status="failed", error_type="WorkerOverCapacity")

    assert api.post(path, body).status_code == 204

    assert api.post(path, body).status_code == 409
    later = clock.now() + timedelta(seconds=2)
    again = claim(project.id, "w2", now=later)
    assert again is not None
    assert (again["job_id"], again["attempt"]) == (job["job_id"], 1)
    ends = RunEvent.objects.filter(type="action.failed").count()
    assert ends == 0


def test_another_report_after_the_first_is_409(api: Api, job: dict[str, Any]) -> None:
    path = f"jobs/{job['job_id']}/complete"
    api.post(path, fence(job, status="completed", result_b64=b64(1)))

    assert api.post(path, fence(job, status="failed")).status_code == 409
    other = fence(job, status="completed", result_b64=b64(2))
    assert api.post(path, other).status_code == 409


def test_a_failed_attempt_is_retried_as_a_new_job(
    api: Api, project: Project, job: dict[str, Any]
) -> None:
    failed = fence(job, status="failed", error_type="Boom", error_message="it broke")
    api.post(f"jobs/{job['job_id']}/complete", failed)
    dispatch_all()

    second = claim(project.id, "w2", now=clock.now() + timedelta(minutes=1))

    assert second is not None
    assert second["attempt"] == 2
    assert second["job_id"] != job["job_id"]
    first, _ = run_of(api, job)["jobs"]
    assert (first["status"], first["last_error"]) == ("failed", "it broke")


def test_the_last_failure_fails_the_run(api: Api, project: Project) -> None:
    steps = spec(action("parse", retry=NO_RETRY))
    run_id = api.post("runs", {"spec": steps}).json()["id"]
    dispatch_all()
    job = claim(project.id, "w1")
    assert job is not None

    failed = fence(job, status="failed", error_type="Boom", error_message="it broke")
    api.post(f"jobs/{job['job_id']}/complete", failed)
    dispatch_all()

    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["error_type"]) == ("failed", "Boom")
    assert "it broke" in run["error_message"]


def test_a_cancelled_run_tells_its_worker_and_ignores_the_answer(
    api: Api, job: dict[str, Any]
) -> None:
    assert api.post(f"runs/{job['run_id']}/cancellations").status_code == 204

    beat = api.post(f"jobs/{job['job_id']}/heartbeat", fence(job)).json()
    assert beat["directives"]["should_cancel"] is True
    end = api.post(f"jobs/{job['job_id']}/complete", fence(job, status="failed"))

    assert end.status_code == 204
    dispatch_all()
    run = run_of(api, job)
    assert run["status"] == "cancelled"
    assert [row["status"] for row in run["jobs"]] == ["cancelled"]


def test_a_late_success_does_not_revive_a_cancelled_run(
    api: Api, job: dict[str, Any]
) -> None:
    api.post(f"runs/{job['run_id']}/cancellations")

    api.post(f"jobs/{job['job_id']}/complete", fence(job, status="completed"))
    dispatch_all()

    assert run_of(api, job)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("events", "path"),
    [
        ([], "events"),
        ([{"type": "mobius.fake", "payload": {}}], "events[0].type"),
        ([{"type": "has space", "payload": {}}], "events[0].type"),
        ([{"type": "x", "payload": []}], "events[0].payload"),
        ([{"type": "ok", "payload": {}}, {"payload": {}}], "events[1].type"),
        ([{"type": "x", "payload": {}, "more": 1}], "events[0].more"),
        ([{"type": "x", "payload": {}}] * 101, "events"),
    ],
)
def test_a_bad_event_refuses_the_whole_batch_and_is_named(
    api: Api, job: dict[str, Any], events: list[Any], path: str
) -> None:
    answer = api.post(f"jobs/{job['job_id']}/events", fence(job, events=events))

    assert answer.status_code == 400
    assert path in [field["path"] for field in answer.json()["details"]["fields"]]
    assert not RunEvent.objects.filter(from_worker=True).exists()


def test_an_event_over_the_limit_is_413(api: Api, job: dict[str, Any]) -> None:
    big = {"type": "x", "payload": {"text": "a" * settings.EVENT_BYTES_MAX}}

    answer = api.post(f"jobs/{job['job_id']}/events", fence(job, events=[big]))

    assert answer.status_code == 413
    assert answer.json()["details"]["path"] == "events[0].payload"


def test_events_of_a_worker_cannot_pass_as_events_of_the_run(
    api: Api, job: dict[str, Any]
) -> None:
    fake = [{"type": "run.completed", "payload": {"status": "completed"}}]

    answer = api.post(f"jobs/{job['job_id']}/events", fence(job, events=fake))

    assert answer.status_code == 204
    assert RunEvent.objects.get(type="run.completed").from_worker
    assert run_of(api, job)["status"] == "running"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"status": "done"}, "status"),
        ({"status": "completed", "result_b64": "%%%"}, "result_b64"),
        ({"status": "completed", "worker_id": None}, "worker_id"),
        ({"status": "completed", "attempt": "1"}, "attempt"),
        ({"status": "completed", "extra": 1}, "extra"),
    ],
)
def test_a_bad_report_names_the_field(
    api: Api, job: dict[str, Any], body: dict[str, Any], path: str
) -> None:
    answer = api.post(f"jobs/{job['job_id']}/complete", {**fence(job), **body})

    assert answer.status_code == 400
    assert path in [field["path"] for field in answer.json()["details"]["fields"]]
    assert Job.objects.get().status == "claimed"


def test_a_result_too_deep_to_be_shown_again_is_refused_and_named(
    api: Api, job: dict[str, Any]
) -> None:
    deep = base64.b64encode(b"[" * 300 + b"]" * 300).decode()
    path = f"jobs/{job['job_id']}/complete"

    answer = api.post(path, fence(job, status="completed", result_b64=deep))

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == "result_b64"
    assert Job.objects.get().status == "claimed"


@pytest.mark.parametrize(
    ("sent", "result"),
    [(b"not json", "not json"), (b"\xff\xfe", "//4="), (b'{"a": 1.5}', {"a": 1.5})],
)
def test_any_bytes_are_a_result(
    api: Api, job: dict[str, Any], sent: bytes, result: object
) -> None:
    body = fence(job, status="completed", result_b64=base64.b64encode(sent).decode())
    api.post(f"jobs/{job['job_id']}/complete", body)
    dispatch_all()

    assert run_of(api, job)["result"] == result
