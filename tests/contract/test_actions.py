"""Actions over a real socket: Celery runs them, an endpoint of ours receives them."""

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deliveries.receiver import Receiver, running_receiver
from tests.support.remote import HandWorker, Remote
from tests.support.specs import spec
from tests.support.waiting import wait_until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint on this machine."""
    with running_receiver() as running:
        running.answer = b'{"charged": true}'
        running.headers = {"Content-Type": "application/json"}
        yield running


def make(remote: Remote, name: str, url: str, **fields: Any) -> dict[str, Any]:
    """Create an HTTP action."""
    made = remote.post("actions", {"name": name, "endpoint_url": url, **fields})
    assert made.status == 201, made.body
    return dict(made.body)


def server(name: str, action: str, **parameters: Any) -> dict[str, Any]:
    """A step that the server does."""
    return {
        "name": name,
        "action": action,
        "action_kind": "server",
        "parameters": parameters,
        "store": name,
    }


def test_celery_runs_the_steps_of_the_server(remote: Remote) -> None:
    run_id = remote.start(
        spec(
            server("id", "random"),
            server("said", "print", message="drew ${state.id}"),
            server("both", "json.transform", data="${state.id}", expression="input"),
        )
    )

    run = remote.wait_for(run_id)

    assert run["status"] == "completed"
    assert [job["queue"] for job in run["jobs"]] == ["mobius.server"] * 3
    log = remote.get(f"action-invocations?run_id={run_id}").body["items"]
    assert {line["status"] for line in log} == {"completed"}


def test_a_step_calls_an_endpoint_signed(remote: Remote, receiver: Receiver) -> None:
    made = make(remote, "charge", receiver.url)
    run = remote.wait_for(remote.start(spec(server("pay", "charge", amount=3))))

    assert run["result"] == {"charged": True}
    [got] = receiver.received
    assert got.is_signed_with(base64.b64decode(made["signing_secret"]))
    assert json.loads(got.body)["mobius"]["origin"]["run_id"] == run["id"]


@pytest.mark.parametrize("verb", ["invoke", "invocations"])
def test_a_direct_call_waits_for_its_result(
    remote: Remote, receiver: Receiver, verb: str
) -> None:
    make(remote, "charge", receiver.url)
    answer = remote.post(f"actions/charge/{verb}", {"input": {"amount": 3}})

    assert answer.status == 200
    assert answer.body["output"] == {"charged": True}
    assert answer.body["status"] == "completed"
    assert answer.body["job_id"].startswith("job_")
    body = json.loads(receiver.received[0].body)
    assert body["mobius"]["origin"] == {"kind": "direct_action_invoke"}
    assert body["mobius"]["actor"]["principal_type"] == "service"


def test_a_built_in_action_is_called_directly(remote: Remote) -> None:
    answer = remote.post(
        "actions/json.transform/invoke", {"input": {"expression": "1 + 1"}}
    )

    assert (answer.status, answer.body["output"]) == (200, {"output": 2})


def test_the_same_key_calls_once_and_answers_the_same(
    remote: Remote, receiver: Receiver
) -> None:
    make(remote, "charge", receiver.url)
    call = {"input": {"n": 1}}
    first = remote.post("actions/charge/invoke", call, Idempotency_Key="k1")
    second = remote.post("actions/charge/invoke", call, Idempotency_Key="k1")

    assert first.body == second.body
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(receiver.received) == 1
    other = {"input": {"n": 2}}
    refused = remote.post("actions/charge/invoke", other, Idempotency_Key="k1")
    assert (refused.status, refused.body["code"]) == (409, "idempotency_key_conflict")


def test_a_dry_run_checks_and_does_nothing(remote: Remote, receiver: Receiver) -> None:
    make(remote, "charge", receiver.url, input_schema={"required": ["n"]})
    good = {"input": {"n": 1}, "dry_run": True}
    answer = remote.post("actions/charge/invoke", good)
    refused = remote.post("actions/charge/invoke", {"input": {}, "dry_run": True})

    assert (answer.status, answer.body["status"]) == (200, "completed")
    assert refused.status == 400
    assert receiver.received == []
    assert remote.get("invocations").body["items"] == []


def test_nothing_is_called_in_an_archived_project(remote: Remote) -> None:
    assert remote.post(f"/v1/projects/{remote.project}/archive").status == 200
    answer = remote.post("actions/random/invoke", {})

    assert (answer.status, answer.body["code"]) == (409, "project_archived")


def test_a_worker_is_called_directly(remote: Remote, worker: HandWorker) -> None:
    assert worker.ask(wait_seconds=0, actions=["train"]).status == 204
    answers: list[Any] = []
    asking = threading.Thread(
        target=lambda: answers.append(remote.post("actions/train/invoke", {}))
    )
    asking.start()
    job = worker.claim(actions=["train"])
    assert worker.heartbeat(job).status == 200
    assert worker.complete(job, {"loss": 1}).status == 204
    asking.join()

    assert (answers[0].status, answers[0].body["output"]) == (200, {"loss": 1})


def test_what_takes_longer_than_its_time_has_failed(
    remote: Remote, receiver: Receiver
) -> None:
    over = threading.Event()
    receiver.before = over.wait
    make(remote, "charge", receiver.url)
    answer = remote.post("actions/charge/invoke", {"timeout_seconds": 1})
    over.set()

    assert (answer.status, answer.body["status"]) == (200, "failed")
    [line] = remote.get("invocations").body["items"]
    assert line["error_type"] == "timeout"


def test_a_step_never_leads_into_our_own_network(remote: Remote) -> None:
    run_id = remote.start(spec(server("meta", "http.request", url="http://10.0.0.1/")))

    assert remote.wait_for(run_id)["error_type"] == "address_refused"


def test_an_endpoint_that_hangs_holds_up_nobody_and_is_let_go_on_cancel(
    remote: Remote, receiver: Receiver
) -> None:
    over = threading.Event()
    receiver.before = over.wait
    make(remote, "slow", receiver.url, timeout_seconds=100)
    hanging = [remote.start(spec(server("a", "slow"))) for _ in range(12)]
    wait_until(lambda: len(receiver.received) >= 4)

    quick = remote.wait_for(remote.start(spec(server("b", "random"))))
    assert quick["status"] == "completed"
    # Of the places of each of the two processes one endpoint gets a quarter.
    assert len(receiver.received) <= 8
    for run_id in hanging:
        remote.post(f"runs/{run_id}/cancel")

    def are_over() -> bool:
        log = remote.get("invocations?action_name=slow").body["items"]
        return {line["status"] for line in log} == {"cancelled"}

    wait_until(are_over, every=0.1)
    over.set()
