"""A run from start to end through the API, the dispatcher and a worker."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.run_events.models import RunEvent
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all

SPEC = {
    "name": "ingest-document",
    "steps": [
        {"name": "parse", "action": "doc.parse"},
        {"name": "index", "action": "doc.index"},
    ],
}


def work(api: Api, project: Project, output: Any) -> None:
    job = claim(project.id)
    assert job is not None
    body = {
        "worker_id": "w1",
        "attempt": job["attempt"],
        "status": "completed",
        "result_b64": b64(output),
    }
    assert api.post(f"jobs/{job['job_id']}/complete", body).status_code == 204
    dispatch_all()


@pytest.mark.django_db
def test_a_two_step_run_goes_from_queued_to_completed(
    api: Api, project: Project
) -> None:
    started = api.post("runs", {"spec": SPEC, "inputs": {"doc_url": "x"}})
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    run_id = started.json()["id"]
    dispatch_all()
    assert api.get(f"runs/{run_id}").json()["status"] == "queued"

    work(api, project, {"pages": 3})
    work(api, project, {"indexed": True})

    run = api.get(f"runs/{run_id}").json()
    assert run["status"] == "completed"
    assert run["result"] == {"indexed": True}
    assert run["result_b64"] == b64({"indexed": True})
    assert [job["step_name"] for job in run["jobs"]] == ["parse", "index"]


@pytest.mark.django_db
def test_the_timeline_has_no_gap_and_ends_with_the_terminal_event(
    api: Api, project: Project
) -> None:
    run_id = api.post("runs", {"spec": SPEC}).json()["id"]
    dispatch_all()
    work(api, project, 1)
    work(api, project, 2)

    events = list(RunEvent.objects.filter(run_id=run_id).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.type for event in events] == [
        "run.started",
        "step.started",
        "action.called",
        "action.claimed",
        "run.running",
        "action.completed",
        "step.completed",
        "usage.recorded",
        "step.started",
        "action.called",
        "run.queued",
        "action.claimed",
        "run.running",
        "action.completed",
        "step.completed",
        "usage.recorded",
        "run.completed",
    ]
