"""Triggers of a block start runs of their own definition."""

from datetime import timedelta
from typing import Any

from apps.identity.models import Project
from apps.runs.models import Run
from apps.triggers.services.tick import tick
from tests.definitions.scenes import (
    change,
    heard,
    hook,
    hourly,
    linear,
    loop,
    publish,
    published,
    rows_of,
    step,
    version,
)
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock
from tests.triggers.scenes import happen

ECHO = {"amount": "${{ event.amount }}", "type": "${{ meta.event_type }}"}


def runs_of(definition: dict[str, Any]) -> list[Run]:
    rows = Run.objects.filter(workflow_id=definition["id"])
    return list(rows.order_by("created_at", "id"))


def test_an_event_starts_a_loop_that_sees_it(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    steps = [step("pay", config={"action_name": "pay", "parameters": ECHO})]
    block = heard("custom.paid", key="paid")
    block["config"]["condition"] = "${{ event.amount > 100 }}"
    made = loop(api, block, steps=steps)
    assert "last_run_at" not in made

    happen(project.id, "custom.paid", frozen.at, event={"amount": 50})
    assert runs_of(made) == []
    frozen.tick(minutes=1)
    happen(project.id, "custom.paid", frozen.at, event={"amount": 250})

    (run,) = runs_of(made)
    assert run.inputs["event"] == {"amount": 250}
    assert run.inputs["meta"]["event_type"] == "custom.paid"
    assert (run.dialect, run.workflow_version) == ("loop", 1)
    assert run.trigger_id == rows_of(made)["paid"].id
    claimed = api.get(f"runs/{run.id}/jobs").json()["items"]
    assert [job["action"] for job in claimed] == ["pay"]
    shown = api.get(f"loops/{made['id']}").json()
    assert shown["last_run_at"] == "2026-05-04T12:01:00.000000Z"
    assert api.get("loops").json()["items"] == [shown]


def test_a_request_and_a_slot_start_the_published_version(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    made = published(api, linear(hook("deploy-now", key="h"), hourly(key="s")))
    version(api, "nightly")

    sent = api.post("/v1/triggers/http/deploy-now", {"sha": "abc"})
    assert sent.status_code == 202
    dispatch_all(frozen.at)
    frozen.tick(hours=1)
    assert tick(now=frozen.at) == 1
    dispatch_all(frozen.at)

    request, slot = runs_of(made)
    assert (request.workflow_version, slot.workflow_version) == (1, 1)
    assert request.inputs["event"] == {"sha": "abc"}
    assert slot.inputs["meta"]["event_type"] == "schedule.tick"
    (on_request, on_time) = api.get("automations/nightly").json()["triggers"]
    assert on_request["last_fire_at"] < on_time["last_fire_at"]
    publish(api, "nightly", 2)
    assert api.post("/v1/triggers/http/deploy-now", {}).status_code == 404


def test_a_paused_loop_hears_nothing_and_catches_up_on_nothing(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    made = loop(api, heard("custom.paid"), hourly())
    path = f"loops/{made['id']}"
    change(api, path, status="paused")
    frozen.tick(hours=3, minutes=30)
    happen(project.id, "custom.paid", frozen.at)
    assert tick(now=frozen.at) == 0

    change(api, path, status="active")
    assert tick(now=frozen.at) == 0
    dispatch_all(frozen.at)
    assert runs_of(made) == []

    happen(project.id, "custom.paid", frozen.tick(minutes=1))
    assert tick(now=frozen.at + timedelta(minutes=29)) == 1
    dispatch_all(frozen.at + timedelta(minutes=29))
    assert len(runs_of(made)) == 2
