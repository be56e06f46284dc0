"""Which events reach which webhook, and what is said."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.deliveries.sending import send_due
from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.models import Listener, SourceEvent
from apps.source_events.services.append import Fact, append_source_events
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.factories import make_project
from tests.support.specs import NO_RETRY, action, spec
from tests.webhooks.scenes import happen, hook, patch, sent_to, types_to

STEP = spec(action("parse", retry=NO_RETRY))


def start(api: Api) -> str:
    run = api.post("runs", {"spec": STEP})
    assert run.status_code == 202, run.json()
    dispatch_all()
    return str(run.json()["id"])


def finish(api: Api, project: Project, **report: str) -> None:
    job = claim(project.id)
    assert job is not None
    done = {"worker_id": "w1", "attempt": 1, **report}
    answer = api.post(f"jobs/{job['job_id']}/complete", done)
    assert answer.status_code < 300, answer.content
    dispatch_all()


def test_the_end_of_a_run_is_told_whole(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = hook(api, receiver.url, events=["run.completed"])
    run_id = start(api)
    finish(api, project, status="completed", result_b64=b64(7))

    assert send_due() == 1

    (received,) = receiver.received
    body = json.loads(received.body)
    assert set(body) == {"type", "data"}
    assert body["type"] == "run.completed"
    assert body["data"]["run_id"] == run_id
    assert body["data"]["status"] == "completed"
    assert received.headers["x-mobius-event-type"] == "run.completed"
    (delivery,) = sent_to(made)
    assert received.headers["x-mobius-delivery-id"] == delivery.id
    assert received.headers["idempotency-key"] == delivery.id
    event = SourceEvent.objects.get(event_type="run.completed")
    assert received.headers["x-mobius-source-event-id"] == event.id
    assert delivery.run_id == run_id
    listed = api.get(f"webhooks/{made['id']}/deliveries").json()["items"]
    assert [(one["event_type"], one["run_id"]) for one in listed] == [
        ("run.completed", run_id)
    ]


def test_each_end_of_a_run_has_its_type(api: Api, project: Project) -> None:
    every, failures = (
        hook(api, events=["run.*"]),
        hook(api, name="f", events=["run.failed"]),
    )
    start(api)
    finish(api, project, status="completed")
    start(api)
    finish(api, project, status="failed", error_type="X", error_message="broken")
    run_id = start(api)
    assert api.post(f"runs/{run_id}/cancellations").status_code == 204
    dispatch_all()

    assert types_to(every) == ["run.completed", "run.failed", "run.cancelled"]
    (failed,) = sent_to(failures)
    assert "broken" in failed.payload["data"]["error"]


def test_answers_of_people_are_told_of_runs_and_of_no_run(
    api: Api, project: Project
) -> None:
    made = hook(api, events=["interaction.resolved"])
    person = api.get("principals").json()["items"][0]["id"]
    block = {"type": "approval", "message": "Good?", "spec": {"mode": "confirm"}}
    target = {"type": "user", "id": person}
    alone = api.post("interactions", {**block, "target": target})
    assert alone.status_code == 201, alone.json()
    step = {
        "name": "ask",
        "interaction": {**block, "target": target, "timeout": "24h"},
    }
    asked = api.post("runs", {"spec": spec(step)})
    assert asked.status_code == 202, asked.json()
    dispatch_all()
    for question in api.get("interactions?status=pending").json()["items"]:
        path = f"interactions/{question['id']}/respond"
        said = api.post(path, {"value": True})
        assert said.status_code == 200, said.json()
    dispatch_all()

    told = sent_to(made)
    assert len(told) == 2
    assert {bool(one.run_id) for one in told} == {True, False}
    for one in told:
        data = one.payload["data"]
        assert data["status"] == "completed"
        assert data["response"]["value"] is True


def test_a_signal_is_told_and_its_name_cannot_break_a_header(
    api: Api, project: Project, receiver: Receiver
) -> None:
    hook(api, receiver.url, events=["signal.*"])
    run_id = start(api)
    name = "Grüße\r\nX-Injected: 100%"
    sent = api.post(f"runs/{run_id}/signals", {"name": name, "payload": {"a": 1}})
    assert sent.status_code == 202, sent.json()
    dispatch_all()

    assert send_due() == 1

    (received,) = receiver.received
    assert json.loads(received.body)["type"] == f"signal.{name}"
    assert "x-injected" not in received.headers
    said = received.headers["x-mobius-event-type"]
    assert said == "signal.Gr%C3%BC%C3%9Fe%0D%0AX-Injected:%20100%25"


@pytest.mark.parametrize(
    ("events", "heard"),
    [
        ([], ["custom.paid", "custom.a.b", "github.push"]),
        (["custom.*"], ["custom.paid", "custom.a.b"]),
        (["custom.a.*"], ["custom.a.b"]),
        (["custom.paid", "custom.*", "custom.a.b"], ["custom.paid", "custom.a.b"]),
        (["github.push"], ["github.push"]),
        (["run.*"], []),
        (["ping"], []),
    ],
)
def test_the_events_decide(
    api: Api, project: Project, events: list[str], heard: list[str]
) -> None:
    made = hook(api, events=events)
    for event_type in ("custom.paid", "custom.a.b", "github.push"):
        happen(project.id, event_type)

    assert types_to(made) == heard


def test_data_is_the_payload_over_the_routing_fields(
    api: Api, project: Project
) -> None:
    made = hook(api)
    happen(project.id, event={"a": 1, "b": 2}, meta={"b": 3, "c": 4})

    (delivery,) = sent_to(made)
    assert delivery.payload == {
        "type": "custom.paid",
        "data": {"a": 1, "b": 2, "c": 4},
    }


def test_what_happens_elsewhere_or_before_is_not_told(
    api: Api, project: Project
) -> None:
    happen(project.id)
    made = hook(api)
    happen(make_project("globex").id)

    assert sent_to(made) == []


def test_who_is_disabled_or_has_no_address_costs_no_dispatch(
    api: Api, project: Project
) -> None:
    made = hook(api)
    patch(api, made, enabled=False)
    quiet = happen(project.id)
    patch(api, made, enabled=True, url="")
    quieter = happen(project.id)

    assert not Listener.objects.exists()
    for event in SourceEvent.objects.filter(id__in=[quiet, quieter]):
        assert event.dispatched_at == event.created_at
    patch(api, made, url="https://example.com/")
    happen(project.id)
    assert len(sent_to(made)) == 1


def test_an_event_that_is_dispatched_again_is_told_once(
    api: Api, project: Project
) -> None:
    made = hook(api)
    event_id = happen(project.id)
    SourceEvent.objects.filter(id=event_id).update(dispatched_at=None)
    dispatch_all()

    assert len(sent_to(made)) == 1


def test_many_webhooks_and_events_cost_as_many_statements_as_one(
    api: Api, project: Project
) -> None:
    def statements(events: int) -> int:
        fact = Fact(project.id, "custom.paid", source_kind="custom", settled=None)
        append_source_events([fact] * events, now=clock.now())
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert drain_batch(clock.now()) == events
        return len(captured)

    hook(api, name="first")
    once = statements(1)
    for number in range(5):
        hook(api, name=f"n{number}", events=["custom.*"])

    assert statements(20) == once


def test_a_batch_that_nobody_hears_of_costs_one_look_up(
    api: Api, project: Project
) -> None:
    start(api)
    with CaptureQueriesContext(connection) as captured:
        finish(api, project, status="completed")

    assert not any("webhooks_webhook" in one["sql"] for one in captured)
