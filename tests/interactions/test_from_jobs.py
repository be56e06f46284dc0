"""Questions that a job's worker puts, and questions for a run: their answers are
signals to the run."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from apps.jobs.models import Job
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    USE,
    VERDICT,
    answer,
    lines,
    next_step,
    people,
    shown,
    status_of,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import action, spec

AUTHORED = spec(action("work"), VERDICT, USE)


@pytest.fixture
def ann(project: Project) -> Principal:
    """Who is asked."""
    return people(project, "ann")[0]


@pytest.fixture
def run_id(api: Api) -> str:
    """A run whose first step may ask, and whose second waits for the answer."""
    started = api.post("runs", {"spec": AUTHORED}).json()
    dispatch_all()
    return str(started["id"])


@pytest.fixture
def job(project: Project, run_id: str) -> dict[str, Any]:
    """The first step's job in the hands of the worker w1."""
    found = claim(project.id, "w1")
    assert found is not None
    assert found["run_id"] == run_id
    return found


def asked(ann: Principal, **more: Any) -> dict[str, Any]:
    actor = {"type": "member", "id": ann.id}
    body = {"type": "approval", "message": "Go on?", "target_actor": actor}
    return {**body, **more}


def ask_from(api: Api, job: dict[str, Any], ann: Principal, **more: Any) -> Any:
    fence = {"worker_id": "w1", "attempt": job["attempt"]}
    body = asked(ann, signal_name="verdict", **fence)
    return api.post(f"jobs/{job['job_id']}/interactions", {**body, **more})


def complete(api: Api, job: dict[str, Any]) -> None:
    body = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
    assert api.post(f"jobs/{job['job_id']}/complete", body).status_code == 204
    dispatch_all()


# --- From a job -------------------------------------------------------------------


def test_a_question_from_a_job_names_it_and_its_run(
    api: Api, run_id: str, job: dict[str, Any], ann: Principal
) -> None:
    made = ask_from(api, job, ann)

    assert made.status_code == 201
    found = made.json()
    assert (found["run_id"], found["job_id"]) == (run_id, job["job_id"])
    assert (found["step_name"], found["signal_name"]) == ("work", "verdict")
    (line,) = lines(run_id, "interaction.requested")
    assert (line["interaction_id"], line["targets"]) == (found["id"], [ann.id])
    assert status_of(api, run_id) == "running"


def test_an_answer_that_comes_early_is_kept_for_the_step_that_waits(
    api: Api, project: Project, job: dict[str, Any], ann: Principal
) -> None:
    question = ask_from(api, job, ann).json()
    answer(ann, question, comment="Quick.")

    complete(api, job)

    given = next_step(project)
    assert (given["value"], given["comment"]) == (True, "Quick.")
    assert given["responder"] == ann.id


def test_an_answer_after_the_job_is_done_resumes_the_run(
    api: Api, project: Project, run_id: str, job: dict[str, Any], ann: Principal
) -> None:
    question = ask_from(api, job, ann).json()
    complete(api, job)
    assert status_of(api, run_id) == "suspended"
    assert shown(api, question)["status"] == "pending"

    answer(ann, question, False)

    assert next_step(project)["value"] is False


def test_withdrawn_it_sends_its_reason_as_the_signal(
    api: Api, project: Project, job: dict[str, Any], ann: Principal
) -> None:
    question = ask_from(api, job, ann).json()
    complete(api, job)

    path = f"interactions/{question['id']}/cancel"
    assert api.post(path, {"reason": "late"}).status_code == 200
    dispatch_all()

    given = next_step(project)
    assert (given["status"], given["value"]) == ("cancelled", None)


def test_without_a_signal_name_it_is_the_name_of_the_step(
    api: Api, job: dict[str, Any], ann: Principal
) -> None:
    path = f"jobs/{job['job_id']}/interactions"

    own = api.post(path, asked(ann)).json()
    other = api.post(path, asked(ann, step_name="sub-step")).json()

    assert (own["signal_name"], own["step_name"]) == ("work", "work")
    assert (other["signal_name"], other["step_name"]) == ("sub-step", "sub-step")


def test_a_worker_that_lost_its_job_asks_nothing(
    api: Api, job: dict[str, Any], ann: Principal
) -> None:
    for wrong in ({"worker_id": "w2"}, {"attempt": job["attempt"] + 1}):
        refused = ask_from(api, job, ann, **wrong)
        assert (refused.status_code, refused.json()["code"]) == (409, "lease_lost")
    assert Interaction.objects.count() == 0


@pytest.mark.parametrize("fenced", [True, False])
def test_a_job_nobody_works_on_asks_nothing(
    api: Api, job: dict[str, Any], ann: Principal, fenced: bool
) -> None:
    complete(api, job)
    path = f"jobs/{job['job_id']}/interactions"

    refused = ask_from(api, job, ann) if fenced else api.post(path, asked(ann))

    assert refused.status_code == 409
    assert Interaction.objects.count() == 0


def test_half_a_fence_is_none(api: Api, job: dict[str, Any], ann: Principal) -> None:
    path = f"jobs/{job['job_id']}/interactions"

    for half in ({"worker_id": "w1"}, {"attempt": 1}):
        assert api.post(path, asked(ann, **half)).status_code == 400


def test_a_job_of_a_cancelled_run_asks_nothing(
    api: Api, run_id: str, job: dict[str, Any], ann: Principal
) -> None:
    api.post(f"runs/{run_id}/cancellations")

    assert ask_from(api, job, ann).status_code == 409
    assert Interaction.objects.count() == 0


def test_a_run_that_ends_withdraws_what_its_jobs_have_asked(
    api: Api, project: Project, ann: Principal
) -> None:
    started = api.post("runs", {"spec": spec(action("work"))}).json()
    dispatch_all()
    job = claim(project.id, "w1")
    assert job is not None
    question = ask_from(api, job, ann).json()

    complete(api, job)

    assert status_of(api, started["id"]) == "completed"
    assert shown(api, question)["status"] == "cancelled"
    assert answer(ann, question).status_code == 409


def test_asking_again_with_one_idempotency_key_asks_once(
    api: Api, job: dict[str, Any], ann: Principal
) -> None:
    path = f"jobs/{job['job_id']}/interactions"
    key = {"Idempotency-Key": "k1"}

    first, again = (api.post(path, asked(ann), **key).json() for _ in range(2))

    assert first == again
    assert Interaction.objects.count() == 1


def test_workers_ask_viewers_do_not_and_strangers_find_nothing(
    api_as: Any, job: dict[str, Any], ann: Principal, stranger: Api
) -> None:
    path = f"jobs/{job['job_id']}/interactions"

    assert api_as("Viewer").post(path, asked(ann)).status_code == 403
    assert stranger.post(path, asked(ann)).status_code == 404
    assert api_as("Worker").post(path, asked(ann)).status_code == 201
    assert Job.objects.get(pk=job["job_id"]).status == "claimed"


# --- For a run --------------------------------------------------------------------


def test_a_caller_asks_for_a_run_and_the_answer_is_its_signal(
    api: Api, project: Project, run_id: str, job: dict[str, Any], ann: Principal
) -> None:
    complete(api, job)
    body = asked(ann, run_id=run_id, signal_name="verdict")

    question = api.post("interactions", body).json()
    assert question["run_id"] == run_id
    assert "job_id" not in question
    answer(ann, question, comment="Fine.")

    given = next_step(project)
    assert (given["value"], given["comment"]) == (True, "Fine.")


@pytest.mark.parametrize("given", ["run_id", "signal_name"])
def test_run_and_signal_go_together(
    api: Api, run_id: str, ann: Principal, given: str
) -> None:
    named = {"run_id": run_id, "signal_name": "verdict"}

    refused = api.post("interactions", asked(ann, **{given: named[given]}))

    assert refused.status_code == 400
    missing = ({"run_id", "signal_name"} - {given}).pop()
    assert refused.json()["details"]["path"] == missing


def test_a_run_that_is_over_or_not_ones_own_is_not_asked_for(
    api: Api, run_id: str, ann: Principal, stranger: Api
) -> None:
    body = asked(ann, run_id=run_id, signal_name="verdict")
    assert stranger.post("interactions", body).status_code == 404
    api.post(f"runs/{run_id}/cancellations")
    dispatch_all()

    assert api.post("interactions", body).status_code == 409
    assert api_of(ann).post("interactions", body).status_code == 403
