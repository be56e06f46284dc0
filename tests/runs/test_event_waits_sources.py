"""Waits for what the system itself tells: ends of runs, signals, answers."""

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Wait
from tests.runs.event_waiting import (
    result,
    run_of,
    start,
    status,
    waiting,
)
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.specs import action, spec

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_the_end_of_another_run_is_an_event(api: Api, project: Project) -> None:
    watched = api.post("runs", {"spec": spec(action("work"))}).json()["id"]
    match = {"meta.run_id": "${inputs.run}"}
    run_id = start(
        api,
        waiting(event_type="run.*", match=match),
        inputs={"run": watched},
    )
    start_other = start(api, waiting(event_type="run.failed"))

    job = claim(project.id)
    assert job is not None
    body = {"worker_id": "w1", "attempt": 1, "status": "completed"}
    api.post(f"jobs/{job['job_id']}/complete", {**body, "result_b64": b64(1)})
    dispatch_all(clock.now())

    assert result(api, run_id)["event_type"] == "run.completed"
    assert status(api, start_other) == "suspended"


def test_a_signal_to_the_run_resumes_and_one_to_another_run_does_not(api: Api) -> None:
    run_id = start(api, waiting(event_type="signal.deploy_complete"))
    other = start(api, waiting(event_type="signal.deploy_complete"))

    answer = api.post(
        f"runs/{run_id}/signals", {"name": "deploy_complete", "payload": {"ok": 1}}
    )
    dispatch_all(clock.now())

    output = result(api, run_id)
    assert output["event_type"] == "signal.deploy_complete"
    assert output["source_id"] == answer.json()["id"]
    assert output["event"]["payload"] == {"ok": 1}
    assert output["meta"] == {
        "event_type": "signal.deploy_complete",
        "run_id": run_id,
        "signal_name": "deploy_complete",
    }
    assert status(api, other) == "suspended"


def test_a_signal_sent_before_its_wait_is_not_lost(
    api: Api, frozen: FrozenClock
) -> None:
    nap = {"name": "nap", "sleep": {"duration": "1h"}}
    run_id = start(api, nap, waiting(event_type="signal.go"))
    api.post(f"runs/{run_id}/signals", {"name": "go", "payload": 1})
    dispatch_all(clock.now())

    dispatch_all(frozen.tick(hours=1))

    assert result(api, run_id)["event"]["payload"] == 1


def test_a_signal_in_the_batch_that_opens_its_wait_leaves_nothing_open(
    api: Api,
) -> None:
    body = {"spec": spec(waiting(event_type="signal.go"))}
    run_id = api.post("runs", body).json()["id"]
    api.post(f"runs/{run_id}/signals", {"name": "go"})

    dispatch_all(clock.now())

    assert status(api, run_id) == "completed"
    assert not Wait.objects.filter(closed_at=None).exists()


def test_an_answer_to_another_runs_question_is_an_event(
    api: Api, frozen: FrozenClock
) -> None:
    question = {
        "name": "ask",
        "interaction": {
            "type": "approval",
            "message": "ok?",
            "timeout": "1h",
            "target": {"type": "user", "id": "u1"},
        },
    }
    asking = start(api, question)
    asked = api.get("interactions").json()["items"][0]["id"]
    match = {"meta.interaction_id": "${inputs.asked}"}
    run_id = start(
        api,
        waiting(event_type="interaction.resolved", match=match),
        inputs={"asked": asked},
    )

    answer = api.post(f"interactions/{asked}/respond", {"value": True})
    assert answer.status_code == 200, answer.json()
    dispatch_all(clock.now())

    assert status(api, asking) == "completed"
    assert result(api, run_id)["meta"]["interaction_id"] == asked


@pytest.mark.parametrize(
    "event_type",
    [
        "loop_run.resume",
        "run.progress_initial",
        "schedule.tick",
        "job.claimed",
        "nonsense",
        "custom.",
        "*",
    ],
)
def test_internal_and_unknown_types_are_refused(api: Api, event_type: str) -> None:
    answer = api.post("runs", {"spec": spec(waiting(event_type=event_type))})

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["details"]["path"] == "spec.steps[0].wait_for_event.event_type"


def test_a_type_that_a_template_makes_is_refused_when_the_wait_begins(api: Api) -> None:
    run_id = start(
        api, waiting(event_type="${inputs.type}"), inputs={"type": "run.resume"}
    )

    run = run_of(api, run_id)
    assert (run["status"], run["error_type"]) == ("failed", "expression_error")
