"""Triggers fired at somebody's word."""

from apps.identity.models import Project
from apps.runs.models import Run
from apps.triggers.models import Trigger
from tests.support.api import Api
from tests.triggers.scenes import create, fires_of, runs_of


def test_a_fire_by_hand_starts_runs_with_what_was_sent(api: Api, build: str) -> None:
    made = create(api, targets=[{"workflow_id": build}])

    answer = api.post(f"triggers/{made['id']}/fire", {"inputs": {"sha": "abc"}})

    fire = answer.json()
    assert answer.status_code == 202
    assert (fire["status"], len(fire["run_ids"])) == ("success", 1)
    run = Run.objects.get(id=fire["run_id"])
    assert run.inputs["sha"] == "abc"
    assert run.inputs["event"] == {}
    assert run.inputs["meta"]["event_type"] == "manual"
    assert run.inputs["meta"]["trigger_id"] == made["id"]
    shown = api.get(f"triggers/{made['id']}/fires").json()["items"]
    assert shown == [fire]
    assert api.get(f"triggers/{made['id']}").json()["last_fire_at"] == fire["fired_at"]


def test_what_is_sent_stands_in_for_the_event_of_other_kinds(
    api: Api, build: str
) -> None:
    made = create(
        api,
        "event",
        source_config={"event_type": "github.push", "condition": "false"},
        targets=[{"workflow_id": build, "input_mapping": {"sha": "$.head.sha"}}],
    )

    fire = api.post(
        f"triggers/{made['id']}/fire", {"inputs": {"head": {"sha": "abc"}}}
    ).json()

    assert fire["status"] == "success"
    assert runs_of(made)[0].inputs["sha"] == "abc"


def test_a_fire_by_hand_that_starts_nothing_says_why(api: Api, build: str) -> None:
    made = create(api, targets=[{"workflow_id": build}])

    fire = api.post(f"triggers/{made['id']}/fire", {"inputs": {"sha": 1}}).json()

    assert fire["status"] == "failed"
    assert fire["error"] == "inputs.sha: input sha must be of type string"
    assert "run_id" not in fire
    fires = f"triggers/{made['id']}/fires"
    assert len(api.get(f"{fires}?status=failed").json()["items"]) == 1
    assert api.get(f"{fires}?status=success").json()["items"] == []
    assert api.get(f"{fires}?status=lost").status_code == 400


def test_a_disabled_trigger_is_not_fired(api: Api) -> None:
    made = create(api, enabled=False)

    assert api.post(f"triggers/{made['id']}/fire").status_code == 409
    assert fires_of(made) == []


def test_a_fire_sent_twice_under_one_key_acts_once(api: Api) -> None:
    made = create(api)
    path, once = f"triggers/{made['id']}/fire", {"Idempotency-Key": "k"}

    first, second = (api.post(path, **once) for _ in range(2))

    assert first.json() == second.json()
    assert len(runs_of(made)) == 1
    assert api.post(path, {"inputs": {"a": 1}}, **once).status_code == 409


def test_a_secret_is_not_remembered_by_the_idempotency_key(
    api: Api, project: Project, build: str
) -> None:
    body = {
        "name": "hook",
        "kind": "http",
        "webhook_secret": "hunter2",
        "targets": [{"workflow_id": build}],
    }

    first, second = (
        api.post("triggers", body, **{"Idempotency-Key": "k"}) for _ in range(2)
    )

    assert first.json() == second.json()
    assert b"hunter2" not in first.content
    assert "hunter2" not in Trigger.objects.get().sealed_secret
