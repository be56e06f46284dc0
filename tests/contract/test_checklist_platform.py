"""The acceptance checklist of the published documents: items 1, 2, 8, 43 and 44.

Each test's docstring says which item it shows. What holds of every route, items 3 to 8,
is in ``test_checklist_routes.py``.
"""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.keys import key_with
from tests.deliveries.receiver import Received, running_receiver
from tests.support.api import Api
from tests.support.remote import HandWorker, Remote
from tests.support.specs import ONE_STEP, TWO_STEPS
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

Json = dict[str, Any]

DRIFT_SECONDS = 300


def socket(remote: Remote, key: str = "") -> Any:
    """Open the worker socket."""
    api = Api(remote.project, key or remote.api_key)
    return SocketWorker.on(remote.base_url, api)


def test_a_missing_or_revoked_key_is_401_wherever_it_is_sent(remote: Remote) -> None:
    """Item 1."""
    run_id = remote.start(ONE_STEP)
    spare, _, key_id = key_with(remote, "Admin")
    assert spare.api_key.startswith("mbx_")
    assert spare.get("runs").status == 200
    with socket(remote, spare.api_key) as opened:
        opened.register()

    assert remote.call("DELETE", f"api-keys/{key_id}").status == 204

    missing = Remote(remote.base_url, "", remote.project)
    for client in (spare, missing, Remote(remote.base_url, "mbx_x", remote.project)):
        for method, path, body in (
            ("GET", "runs", None),
            ("POST", "runs", {"spec": ONE_STEP}),
            ("POST", "jobs/claim", {"worker_id": "w"}),
            ("GET", f"runs/{run_id}/events", None),
            ("POST", "actions/random/invoke", {}),
            ("GET", "/v1/projects", None),
            ("GET", "/v1/audit-logs", None),
        ):
            refused = client.call(method, path, body)
            assert (path, refused.status) == (path, 401)
            assert refused.body["code"] == "unauthorized"
        with (
            pytest.raises(InvalidStatus) as told,
            socket(client, client.api_key or "x"),
        ):
            pass
        assert told.value.response.status_code == 401


def test_a_keys_rights_are_its_principals_roles_in_one_project(
    stack: Stack, remote: Remote
) -> None:
    """Item 2."""
    client, principal, _ = key_with(remote, "Viewer")
    assert client.get("runs").status == 200
    assert client.post("runs", {"spec": ONE_STEP}).status == 403
    with pytest.raises(InvalidStatus) as told, socket(client):
        pass
    assert told.value.response.status_code == 403

    for role in ("Operator", "Worker"):
        given = {"principal_id": principal, "role_name": role}
        assert remote.post("role-assignments", given).status == 201
    assert client.post("runs", {"spec": ONE_STEP}).status == 202
    with socket(client) as opened:
        assert opened.register()["worker_session_token"]

    listed = f"role-assignments?principal_id={principal}"
    for given in remote.get(listed).body["items"]:
        assert remote.call("DELETE", f"role-assignments/{given['id']}").status == 204
    assert client.get("runs").status == 403
    other = stack.remote(stack.new_tenant())
    assert Remote(remote.base_url, other.api_key, remote.project).get(
        "runs"
    ).status == (404)


def test_of_requests_at_once_with_one_idempotency_key_one_acts(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 8, run start and invocation."""
    body = {"spec": ONE_STEP, "external_id": "doc-1"}

    def at_once(path: str, body: Json) -> list[Json]:
        def ask(_: int) -> Any:
            return remote.post(path, body, Idempotency_Key=f"once-{path}")

        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(ask, range(4)))
        assert {reply.status // 100 for reply in replies} == {2}, replies
        return [reply.body for reply in replies]

    assert len({reply["id"] for reply in at_once("runs", body)}) == 1
    assert len(remote.get("runs").body["items"]) == 1
    for verb in ("invoke", "invocations"):
        path = f"actions/random/{verb}"
        drawn = at_once(path, {"input": {}})
        assert len({json.dumps(reply["output"]) for reply in drawn}) == 1
        other = remote.post(path, {"input": {"n": 1}}, Idempotency_Key=f"once-{path}")
        assert (other.status, other.body["code"]) == (409, "idempotency_key_conflict")
    assert len(remote.get("invocations").body["items"]) == 2
    other = remote.post("runs", {"spec": TWO_STEPS}, Idempotency_Key="once-runs")
    assert (other.status, other.body["code"]) == (409, "idempotency_key_conflict")


def test_workers_have_a_socket_and_runs_a_stream(remote: Remote) -> None:
    """Item 43, but for sessions."""
    run_id = remote.start(ONE_STEP)
    with remote.stream(run_id) as stream, socket(remote) as worker:
        worker.register()
        (job,) = worker.claim()
        worker.report(job, result={"n": 1})

        frames = stream.rest()

    assert frames[0].data["type"] == "run_updated"
    assert frames[-1].data["data"]["status"] == "completed"
    assert remote.run(run_id)["result"] == {"n": 1}


def verified(received: Received, key: str, now: float, seen: set[str]) -> bool:
    """Verify a delivery as the published guide says: signature, drift, replay."""
    if not received.is_signed_with(base64.b64decode(key)):
        return False
    if abs(now - int(received.headers["x-mobius-timestamp"])) > DRIFT_SECONDS:
        return False
    fresh = received.headers["x-mobius-delivery-id"] not in seen
    seen.add(received.headers["x-mobius-delivery-id"])
    return fresh


def test_a_webhook_is_verified_by_signature_drift_and_replay(remote: Remote) -> None:
    """Item 44."""
    with running_receiver() as receiver:
        made = remote.post("webhooks", {"name": "told", "url": receiver.url}).body
        sent = {"event_type": "custom.paid", "event": {"order": 7}}
        remote.post("source-events", sent)
        wait_until(lambda: receiver.received, seconds=20)
        deliveries = f"webhooks/{made['id']}/deliveries"
        (delivery,) = remote.get(deliveries).body["items"]
        wait_until(
            lambda: (
                remote.get(f"{deliveries}/{delivery['id']}").body["status"]
                == "delivered"
            )
        )
        again = remote.post(f"{deliveries}/{delivery['id']}/redeliver", {})
        assert again.status in (200, 202), again.body
        wait_until(lambda: len(receiver.received) == 2, seconds=20)

    first, second = receiver.received
    key, seen = made["signing_secret"], set[str]()
    now = datetime.now(UTC).timestamp()
    assert json.loads(first.body)["type"] == "custom.paid"
    assert not verified(first, key, now + DRIFT_SECONDS + 60, seen)
    assert verified(first, key, now, seen)
    assert not verified(first, key, now, seen)
    assert not verified(second, key, now, seen)
    forged = Received(first.path, dict(first.headers), first.body + b" ")
    assert not verified(forged, key, now, set())
    by_hand = hmac.new(
        base64.b64decode(key),
        b".".join(
            [
                b"v1",
                first.headers["x-mobius-delivery-id"].encode(),
                first.headers["x-mobius-timestamp"].encode(),
                first.body,
            ]
        ),
        hashlib.sha256,
    ).hexdigest()
    assert first.headers["x-mobius-signature"] == f"sha256={by_hand}"
