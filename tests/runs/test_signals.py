"""Signals: kept until a wait takes them, once, in the order they were sent."""

from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.services import signal as signal_service
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.specs import ONE_STEP, action, spec

pytestmark = pytest.mark.django_db

SIGNALLED = spec(
    {
        "name": "approve",
        "wait_signal": {"topic": "approved", "timeout": "1h", "store": "answer"},
    },
    action("publish", parameters={"by": "${state.answer.by}"}),
)


def start(api: Api, authored: dict[str, Any], **body: Any) -> str:
    run_id = api.post("runs", {"spec": authored, **body}).json()["id"]
    dispatch_all()
    return str(run_id)


def status(api: Api, run_id: str) -> str:
    return str(api.get(f"runs/{run_id}").json()["status"])


def finish_job(api: Api, project: Project, output: Any = None) -> dict[str, Any]:
    job = claim(project.id)
    assert job is not None
    body = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
    api.post(f"jobs/{job['job_id']}/complete", {**body, "result_b64": b64(output)})
    dispatch_all()
    return job


def test_a_signal_resumes_a_waiting_run(api: Api, project: Project) -> None:
    run_id = start(api, SIGNALLED)
    assert status(api, run_id) == "suspended"

    body = {"name": "approved", "payload": {"by": "ann"}}
    answer = api.post(f"runs/{run_id}/signals", body)

    assert answer.status_code == 202
    assert set(answer.json()) == {"id", "run_id", "name"}
    dispatch_all()
    assert status(api, run_id) == "queued"
    job = claim(project.id)
    assert job is not None
    assert job["parameters"] == {"by": "ann"}


def test_a_signal_sent_before_the_wait_is_kept(api: Api, project: Project) -> None:
    authored = spec(action("prepare"), *SIGNALLED["steps"])
    run_id = start(api, authored)
    api.post(f"runs/{run_id}/signals", {"name": "approved", "payload": {"by": "bo"}})
    dispatch_all()

    finish_job(api, project)

    job = claim(project.id)
    assert job is not None
    assert job["parameters"] == {"by": "bo"}


def test_signals_are_taken_in_the_order_they_were_sent(
    api: Api, project: Project
) -> None:
    waits = [
        {
            "name": f"wait-{n}",
            "wait_signal": {"topic": "n", "timeout": "1h", "store": f"v{n}"},
        }
        for n in range(3)
    ]
    params = {f"v{n}": f"${{state.v{n}}}" for n in range(3)}
    run_id = start(api, spec(action("first"), *waits, action("use", parameters=params)))
    for n in range(3):
        api.post(f"runs/{run_id}/signals", {"name": "n", "payload": n})
    dispatch_all()

    finish_job(api, project)

    job = claim(project.id)
    assert job is not None
    assert job["parameters"] == {"v0": 0, "v1": 1, "v2": 2}


def test_a_signal_to_a_finished_run_is_409(api: Api) -> None:
    run_id = start(api, ONE_STEP)
    api.post(f"runs/{run_id}/cancellations")

    answer = api.post(f"runs/{run_id}/signals", {"name": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_signals_that_nobody_takes_are_bounded(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_service, "UNTAKEN_MAX", 3)
    run_id = start(api, ONE_STEP)
    for _ in range(2):
        assert api.post(f"runs/{run_id}/signals", {"name": "x"}).status_code == 202
    dispatch_all()
    assert api.post(f"runs/{run_id}/signals", {"name": "x"}).status_code == 202

    answer = api.post(f"runs/{run_id}/signals", {"name": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_signals")


def test_a_wait_that_times_out_fails_the_run(api: Api) -> None:
    run_id = start(api, SIGNALLED)

    dispatch_all(clock.now() + timedelta(hours=2))

    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["error_type"]) == ("failed", "timeout")
