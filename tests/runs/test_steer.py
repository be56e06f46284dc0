"""Reading and steering runs: lists, cancel, retry, signals, resume."""

from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Project
from apps.jobs.models import Job
from apps.kernel import clock
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec

pytestmark = pytest.mark.django_db


def start(api: Api, authored: dict[str, Any], **body: Any) -> str:
    run_id = api.post("runs", {"spec": authored, **body}).json()["id"]
    dispatch_all()
    return str(run_id)


def status(api: Api, run_id: str) -> str:
    return str(api.get(f"runs/{run_id}").json()["status"])


def fail_job(api: Api, project: Project) -> None:
    job = claim(project.id)
    assert job is not None
    body = {"worker_id": "w1", "attempt": job["attempt"], "status": "failed"}
    api.post(f"jobs/{job['job_id']}/complete", body)
    dispatch_all()


def finish_job(api: Api, project: Project, output: Any = None) -> dict[str, Any]:
    job = claim(project.id)
    assert job is not None
    body = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
    api.post(f"jobs/{job['job_id']}/complete", {**body, "result_b64": b64(output)})
    dispatch_all()
    return job


def test_runs_are_listed_newest_first_in_pages(api: Api) -> None:
    ids = [start(api, ONE_STEP) for _ in range(5)]

    first = api.get("runs?limit=3").json()
    second = api.get(f"runs?limit=3&cursor={first['next_cursor']}").json()

    listed = [run["id"] for run in first["items"] + second["items"]]
    assert listed == ids[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert "next_cursor" not in second


def test_lists_filter(api: Api, project: Project) -> None:
    done = start(api, ONE_STEP)
    finish_job(api, project)
    other = start(api, ONE_STEP, queue="gpu")

    def found(query: str) -> list[str]:
        return [run["id"] for run in api.get(f"runs?{query}").json()["items"]]

    assert found("status=completed") == [done]
    assert found("queue=gpu") == [other]
    assert found("workflow_type=test-flow&status=queued") == [other]
    assert found("workflow_type=nothing") == []
    assert api.get("runs?status=sleeping").status_code == 400


def test_a_run_of_another_project_is_404(api: Api, stranger: Api) -> None:
    run_id = start(api, ONE_STEP)

    for path in ("", "/jobs", "/action-log"):
        assert stranger.get(f"runs/{run_id}{path}").status_code == 404
    for verb in ("cancellations", "resumptions"):
        assert stranger.post(f"runs/{run_id}/{verb}").status_code == 404
    sent = stranger.post(f"runs/{run_id}/signals", {"name": "x"})
    assert sent.status_code == 404
    bulk = stranger.post("runs/cancellations", {"run_ids": [run_id]}).json()
    assert bulk == {"succeeded": [], "failures": {run_id: f"run {run_id} not found"}}


def test_cancel_ends_a_run_at_once_and_its_pending_job_vanishes(
    api: Api, project: Project
) -> None:
    run_id = start(api, ONE_STEP)

    assert api.post(f"runs/{run_id}/cancellations").status_code == 204

    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["cancel_requested"]) == ("cancelled", True)
    assert claim(project.id) is None


def test_cancel_of_a_finished_run_changes_nothing(api: Api, project: Project) -> None:
    run_id = start(api, ONE_STEP)
    finish_job(api, project)

    assert api.post(f"runs/{run_id}/cancellations").status_code == 204
    assert status(api, run_id) == "completed"


def test_many_are_cancelled_with_an_answer_per_run(api: Api) -> None:
    first, second = start(api, ONE_STEP), start(api, ONE_STEP)

    body = {"run_ids": [first, "run_nothing", second]}
    answer = api.post("runs/cancellations", body).json()

    assert answer["succeeded"] == [first, second]
    assert list(answer["failures"]) == ["run_nothing"]
    assert {status(api, first), status(api, second)} == {"cancelled"}


def test_a_failed_run_goes_on_where_it_failed(api: Api, project: Project) -> None:
    run_id = start(api, spec(action("parse"), action("index", retry=NO_RETRY)))
    finish_job(api, project, {"pages": 1})
    fail_job(api, project)
    assert status(api, run_id) == "failed"

    answer = api.post("runs/retries", {"run_ids": [run_id]}).json()

    assert answer == {"succeeded": [run_id], "failures": {}}
    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["attempt"]) == ("queued", 2)
    assert "error_message" not in run
    assert finish_job(api, project)["step_name"] == "index"
    assert status(api, run_id) == "completed"
    parses = Job.objects.filter(run_id=run_id, step_name="parse").count()
    assert parses == 1


def test_only_failed_runs_are_retried(api: Api) -> None:
    queued, cancelled = start(api, ONE_STEP), start(api, ONE_STEP)
    api.post(f"runs/{cancelled}/cancellations")

    body = {"run_ids": [queued, cancelled]}
    answer = api.post("runs/retries", body).json()

    assert answer["succeeded"] == []
    assert set(answer["failures"]) == {queued, cancelled}
    assert (status(api, queued), status(api, cancelled)) == ("queued", "cancelled")


def test_a_paused_run_goes_on_when_resumed(api: Api, project: Project) -> None:
    paused = {"name": "hold", "pause": {"reason": "look first"}}
    run_id = start(api, spec(paused, action("go")))
    assert status(api, run_id) == "suspended"
    waits = api.get(f"runs/{run_id}").json()["wait_summary"]
    assert waits["kind_counts"] == {"pause": 1}

    assert api.post(f"runs/{run_id}/resumptions").status_code == 204

    dispatch_all()
    job = claim(project.id)
    assert job is not None
    assert job["step_name"] == "go"


def test_a_run_that_is_not_paused_cannot_be_resumed(api: Api) -> None:
    run_id = start(api, ONE_STEP)

    assert api.post(f"runs/{run_id}/resumptions").status_code == 409


def test_the_action_log_tells_how_attempts_ended(api: Api, project: Project) -> None:
    run_id = start(api, ONE_STEP)
    fail_job(api, project)
    job = claim(project.id, now=clock.now() + timedelta(minutes=5))
    assert job is not None
    body = {"worker_id": "w1", "attempt": 2, "status": "completed"}
    api.post(f"jobs/{job['job_id']}/complete", {**body, "result_b64": b64([1])})
    dispatch_all()

    log = api.get(f"runs/{run_id}/action-log").json()["items"]

    assert [(e["attempt"], e.get("error"), e.get("result")) for e in log] == [
        (1, "", None),
        (2, None, [1]),
    ]
    jobs = api.get(f"runs/{run_id}/jobs").json()["items"]
    assert [row["status"] for row in jobs] == ["failed", "completed"]


def test_an_interaction_step_suspends_the_run_and_its_answer_resumes_it(
    api: Api, project: Project
) -> None:
    ask = {
        "type": "approval",
        "message": "Approve document for publication?",
        "target": {"type": "user", "id": "prin_somebody"},
        "timeout": "24h",
        "spec": {"mode": "confirm"},
    }
    run_id = start(api, spec({"name": "get-approval", "interaction": ask}))
    assert status(api, run_id) == "suspended"
    query = f"interactions?run_id={run_id}&status=pending"
    (pending,) = api.get(query).json()["items"]

    body = {"value": True, "comment": "Looks good."}
    answer = api.post(f"interactions/{pending['id']}/respond", body)

    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    dispatch_all()
    assert status(api, run_id) == "completed"
    assert api.post(f"interactions/{pending['id']}/respond", body).status_code == 409
