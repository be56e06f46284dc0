"""From a webhook to a run: triggers start them, waits let them go on."""

from apps.runs.models import Run
from tests.integrations.payloads import LINEAR_ISSUE, PULL_REQUEST
from tests.integrations.scenes import connect, deliver, event_of
from tests.integrations.senders import github, linear
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.specs import action, spec
from tests.triggers.scenes import create, on_event, runs_of, workflow


def test_a_pull_request_starts_a_run_of_each_trigger_that_hears_it(api: Api) -> None:
    made = connect(api)
    declared = spec(action("review"), inputs=[{"name": "number", "type": "string"}])
    target = {
        "workflow_id": workflow(api, "review", declared),
        "input_mapping": {"number": "${meta.number}"},
    }
    heard = create(
        api,
        "event",
        targets=[target],
        source_config={
            "event_type": "github.pull_request.*",
            "condition": "meta.repository == 'analytical/engine'",
        },
    )
    one_only = on_event(api, "github.pull_request.opened", name="b", source_id="intg_1")
    others = on_event(api, "github.issues.*", name="c")

    event = event_of(made, github())
    deliver(made, github())
    dispatch_all()
    event_of(made, github({**PULL_REQUEST, "action": "closed"}, id="2"))
    event_of(made, github({"action": "opened"}, id="3"))

    first, second = runs_of(heard)
    assert first.inputs["number"] == "42"
    assert first.inputs["event"] == PULL_REQUEST
    assert first.inputs["meta"] == event.meta
    assert second.inputs["event"]["action"] == "closed"
    assert (runs_of(one_only), runs_of(others)) == ([], [])
    found = api.get(f"runs?source_event_id={event.id}").json()["items"]
    assert [run["id"] for run in found] == [first.id]


def test_a_run_that_waits_for_an_issue_goes_on_with_it(
    api: Api, frozen: FrozenClock
) -> None:
    made = connect(api, "linear")
    waits = {
        "name": "done",
        "wait_for_event": {
            "event_type": "linear.issue.updated",
            "match": {"event.data.identifier": "${inputs.issue}"},
            "condition": "event.data.state.type == 'completed'",
        },
    }
    body = {"spec": spec(waits), "inputs": {"issue": "ENG-7"}}
    run_id = api.post("runs", body).json()["id"]
    dispatch_all()
    data = {**LINEAR_ISSUE["data"], "identifier": "ENG-8"}
    other = {**LINEAR_ISSUE, "data": data}

    event_of(made, linear(other, at=frozen.tick(seconds=1), id="other"))
    assert Run.objects.get(id=run_id).status == "suspended"
    event_of(made, linear(at=frozen.tick(seconds=1)))

    run = Run.objects.get(id=run_id)
    assert run.status == "completed"
    shown = api.get(f"runs/{run_id}").json()
    assert "ENG-7" in str(shown["result"])
