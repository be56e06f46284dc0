"""HTTP actions of a project's own, called by steps."""

from typing import Any

import orjson
import pytest

from apps.actions.models import Invocation
from apps.identity.models import Project
from apps.runs.models import Run
from tests.actions.scenes import make_action, signed
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.server_actions import run_actions, run_step

pytestmark = pytest.mark.django_db


def test_a_step_calls_it_signed_with_its_context(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = make_action(api, url=receiver.url)
    run = run_step(api, "charge", {"amount": 3})

    assert (run.status, run.result) == ("completed", {"ok": True})
    assert signed(receiver, made["signing_secret"])
    [got] = receiver.received
    call = Invocation.objects.get()
    assert got.headers["x-mobius-delivery-id"] == call.id
    assert got.headers["idempotency-key"] == call.id
    assert got.headers["x-mobius-secret-ref"] == made["secret_ref"]
    assert got.headers["x-mobius-secret-version"] == "1"
    body = orjson.loads(got.body)
    actor = body["mobius"].pop("actor")
    assert actor["principal_type"] == "service"
    assert actor["principal_id"].startswith("prin_")
    assert body == {
        "mobius": {
            "schema_version": 1,
            "scope": {"org_id": project.organization_id, "project_id": project.id},
            "action": {"id": made["id"], "name": "charge"},
            "origin": {"kind": "loop_action_step", "run_id": run.id, "step_key": "do"},
        },
        "parameters": {"amount": 3},
    }


def test_a_loop_is_named_as_where_a_call_comes_from(
    api: Api, receiver: Receiver
) -> None:
    make_action(api, url=receiver.url)
    config = {"action_name": "charge", "execution_location": "managed"}
    steps = [{"id": "pay", "kind": "action", "config": config}]
    loop = api.post("loops", {"name": "pay", "steps": steps}).json()
    api.post(f"loops/{loop['id']}/runs")
    run_actions()

    origin = orjson.loads(receiver.received[0].body)["mobius"]["origin"]
    assert (origin["loop_id"], origin["step_key"]) == (loop["id"], "pay")


def test_the_older_format_has_no_context(api: Api, receiver: Receiver) -> None:
    make_action(api, url=receiver.url, invocation_format="legacy")
    run = run_step(api, "charge", {"amount": 3})

    assert orjson.loads(receiver.received[0].body) == {
        "run_id": run.id,
        "step_key": "do",
        "parameters": {"amount": 3},
    }


@pytest.mark.parametrize(
    ("kind", "answer", "result"),
    [
        ("application/json", b'{"output": 1}', {"output": 1}),
        ("application/json; charset=utf-8", b"[1, 2]", [1, 2]),
        ("application/vnd.mobius.action+json", b'{"output": [3]}', [3]),
        ("text/plain", b'"text"', "text"),
    ],
)
def test_any_json_is_an_answer(
    api: Api, receiver: Receiver, kind: str, answer: bytes, result: Any
) -> None:
    make_action(api, url=receiver.url)
    receiver.headers, receiver.answer = {"Content-Type": kind}, answer

    assert run_step(api, "charge").result == result


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("application/json", b"<html>"),
        ("application/json", b"\xff\x00"),
        ("application/json", b"[" * 300 + b"]" * 300),
        ("application/vnd.mobius.action+json", b"[]"),
        ("application/vnd.mobius.action+json", b'{"result": 1}'),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_failure(
    api: Api, receiver: Receiver, kind: str, answer: bytes
) -> None:
    make_action(api, url=receiver.url)
    receiver.headers, receiver.answer = {"Content-Type": kind}, answer
    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "invalid_output")


def test_an_output_that_does_not_fit_its_schema_is_a_failure(
    api: Api, receiver: Receiver
) -> None:
    make_action(api, url=receiver.url, output_schema={"required": ["id"]})
    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "invalid_output")


def test_input_that_does_not_fit_is_never_sent(api: Api, receiver: Receiver) -> None:
    make_action(api, url=receiver.url, input_schema={"required": ["amount"]})
    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "invalid_input")
    assert receiver.received == []


@pytest.mark.parametrize(
    ("annotations", "tries"),
    [({"idempotent": True}, 3), ({"read_only": True}, 3), ({}, 1)],
)
def test_only_what_may_be_repeated_is(
    api: Api, receiver: Receiver, annotations: dict[str, bool], tries: int
) -> None:
    made = make_action(api, url=receiver.url, annotations=annotations)
    receiver.status = 500
    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "http_error")
    assert len(receiver.received) == tries
    assert len({one.headers["x-mobius-delivery-id"] for one in receiver.received}) == 1
    assert signed(receiver, made["signing_secret"])


def test_a_busy_endpoint_says_when_to_come_back(api: Api, receiver: Receiver) -> None:
    make_action(api, url=receiver.url, annotations={"idempotent": True})
    receiver.script, receiver.headers = [429], {"Retry-After": "0"}

    assert run_step(api, "charge").status == "completed"


def test_one_that_asks_for_too_long_a_wait_is_given_up(
    api: Api, receiver: Receiver
) -> None:
    make_action(api, url=receiver.url, annotations={"idempotent": True})
    receiver.script, receiver.headers = [503], {"Retry-After": "3600"}

    assert run_step(api, "charge").status == "failed"
    assert len(receiver.received) == 1


def test_a_rotated_key_signs_at_once(api: Api, receiver: Receiver) -> None:
    make_action(api, url=receiver.url)
    rotated = api.post("actions/charge/secret/rotate").json()
    run_step(api, "charge")

    assert signed(receiver, rotated["signing_secret"])
    assert receiver.received[0].headers["x-mobius-secret-version"] == "2"
    assert Invocation.objects.get().secret_version == 2


def test_a_disabled_action_is_not_called(api: Api, receiver: Receiver) -> None:
    make_action(api, url=receiver.url, enabled=False)
    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "action_disabled")
    assert receiver.received == []


def test_an_endpoint_that_became_closed_is_not_called(
    api: Api, receiver: Receiver, settings: Any
) -> None:
    make_action(api, url=receiver.url)
    settings.DELIVERY_ALLOWED_NETWORKS = []
    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "address_refused")
    assert receiver.received == []


def test_the_server_does_not_run_what_workers_serve(api: Api) -> None:
    make_action(api, "resize", endpoint_kind="worker")
    run: Run = run_step(api, "resize")

    assert (run.status, run.error_type) == ("failed", "ActionNotRegistered")


def test_a_deleted_action_fails_its_steps_and_keeps_its_log(
    api: Api, receiver: Receiver
) -> None:
    make_action(api, url=receiver.url)
    run_step(api, "charge")
    api.delete("actions/charge")

    assert run_step(api, "charge").error_type == "ActionNotRegistered"
    log = api.get("action-invocations?action_name=charge").json()["items"]
    assert [line["status"] for line in log] == ["failed", "completed"]
