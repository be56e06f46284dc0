"""What a receiver verifies, with the libraries that receivers have."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest
import standardwebhooks

from apps.deliveries.sending import send_due
from apps.identity.models import Project
from mobius.local.published import find_client
from tests.deliveries.receiver import Received, Receiver
from tests.support.api import Api
from tests.support.frozen import FrozenClock
from tests.webhooks.scenes import Body, happen, hook, patch

VERSIONS = ["0.0.23", "0.0.28", "0.0.61"]
#: Runs in a process that has one version of the published client, and nothing of ours.
VERIFIER = """
import base64, json, sys
from deepnoodle import mobius
for line in sys.stdin:
    asked = json.loads(line)
    try:
        verified = mobius.verify_signed_delivery(
            base64.b64decode(asked["body"]),
            asked["headers"],
            key=base64.b64decode(asked["key"]),
            now=lambda: asked["now"],
        )
        told = mobius.parse_webhook_delivery(verified)
        print(json.dumps({"type": told["type"], "version": verified.secret_version,
                          "id": verified.delivery_id}))
    except mobius.InvalidSignatureError as error:
        print(json.dumps({"refused": str(error)}))
"""


def published(version: str, *asked: tuple[Received, str, datetime]) -> list[Any]:
    """What a published client says of requests, each with a key and an instant."""
    lines = [
        json.dumps(
            {
                "headers": received.headers,
                "body": base64.b64encode(received.body).decode(),
                "key": key,
                "now": int(at.timestamp()),
            }
        )
        for received, key, at in asked
    ]
    done = subprocess.run(
        [sys.executable, "-c", VERIFIER],
        input="\n".join(lines),
        env={**os.environ, "PYTHONPATH": str(find_client(version))},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def rotate(api: Api, webhook: Body, **body: Any) -> Body:
    answer = api.post(f"webhooks/{webhook['id']}/secret/rotate", body)
    assert answer.status_code == 200, answer.json()
    assert set(answer.json()) == {"secret_ref", "secret_version", "signing_secret"}
    return dict(answer.json())


@pytest.mark.parametrize("version", VERSIONS)
def test_published_clients_verify_and_read_it(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock, version: str
) -> None:
    made = hook(api, receiver.url)
    happen(project.id)
    send_due()
    frozen_at = frozen.at

    (received,) = receiver.received
    key, late = made["signing_secret"], frozen.tick(minutes=6)
    other = base64.b64encode(bytes(32)).decode()
    good, wrong, old = published(
        version,
        (received, key, frozen_at),
        (received, other, frozen_at),
        (received, key, late),
    )
    assert good == {
        "type": "custom.paid",
        "version": 1,
        "id": received.headers["x-mobius-delivery-id"],
    }
    assert wrong == {"refused": "mismatch"}
    assert "max age" in old["refused"]


def test_standard_webhooks_verifies_it(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = hook(api, receiver.url)
    happen(project.id, event={"ü": [1.5, None]})
    send_due()
    (received,) = receiver.received

    for secret in (made["signing_secret"], f"whsec_{made['signing_secret']}"):
        verifier = standardwebhooks.Webhook(secret)
        told = verifier.verify(received.body, received.headers)
        assert told == {"type": "custom.paid", "data": {"ü": [1.5, None]}}
    stranger = standardwebhooks.Webhook(base64.b64encode(bytes(32)).decode())
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        stranger.verify(received.body, received.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verifier.verify(received.body + b" ", received.headers)


def test_a_chosen_secret_signs_the_body_alone(
    api: Api, project: Project, receiver: Receiver
) -> None:
    hook(api, receiver.url, secret="chösen")
    happen(project.id)
    send_due()

    (received,) = receiver.received
    signed = hmac.new("chösen".encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers["x-mobius-signature"] == f"sha256={signed}"
    assert received.headers["x-mobius-event-type"] == "custom.paid"
    for absent in ("x-mobius-signature-version", "webhook-signature"):
        assert absent not in received.headers


def test_a_chosen_secret_is_replaced_at_once_and_taken_away_for_a_key(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = hook(api, receiver.url, secret="first")
    changed = patch(api, made, secret="second")
    assert "signing_secret" not in changed
    happen(project.id)
    send_due()
    taken = patch(api, made, secret="")
    happen(project.id)
    send_due()
    again = patch(api, made, secret="")

    second, third = receiver.received
    signed = hmac.new(b"second", second.body, hashlib.sha256).hexdigest()
    assert second.headers["x-mobius-signature"] == f"sha256={signed}"
    verifier = standardwebhooks.Webhook(taken["signing_secret"])
    assert verifier.verify(third.body, third.headers)
    assert "signing_secret" not in again
    assert again["secret_version"] == 3


def test_a_chosen_secret_is_not_rotated(api: Api) -> None:
    made = hook(api, secret="mine")

    refused = api.post(f"webhooks/{made['id']}/secret/rotate")

    assert refused.status_code == 409
    assert "PATCH" in refused.json()["message"]


def test_while_a_key_is_replaced_both_verify(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = hook(api, receiver.url)
    new = rotate(api, made)
    assert new["secret_version"] == 2
    assert new["secret_ref"] == made["secret_ref"]
    happen(project.id)
    send_due()

    (received,) = receiver.received
    for secret in (made["signing_secret"], new["signing_secret"]):
        standardwebhooks.Webhook(secret).verify(received.body, received.headers)
    assert received.is_signed_with(base64.b64decode(new["signing_secret"]))
    assert received.headers["x-mobius-secret-version"] == "2"


def test_a_receiver_that_knows_only_the_old_key_is_asked_again_with_it(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    made = hook(api, receiver.url)
    new = rotate(api, made)
    happen(project.id)
    receiver.script = [401]
    send_due()
    frozen.tick(seconds=10)
    send_due()

    first, second = receiver.received
    keys = [made["signing_secret"], new["signing_secret"]]
    assert published(
        "0.0.61", (first, keys[1], frozen.at), (second, keys[0], frozen.at)
    ) == [
        {"type": "custom.paid", "version": version, "id": first.headers["webhook-id"]}
        for version in (2, 1)
    ]
    listed = api.get(f"webhooks/{made['id']}/deliveries").json()["items"]
    assert [(one["status"], one["attempts"]) for one in listed] == [("delivered", 2)]


def test_when_the_overlap_is_over_the_old_key_signs_nothing_and_is_erased(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    made = hook(api, receiver.url)
    new = rotate(api, made, overlap_seconds=60)
    frozen.tick(seconds=61)
    happen(project.id)
    receiver.status = 401
    send_due()

    (received,) = receiver.received
    assert received.headers["webhook-signature"].count("v1,") == 1
    assert received.is_signed_with(base64.b64decode(new["signing_secret"]))
    listed = api.get(f"webhooks/{made['id']}/deliveries").json()["items"]
    assert [(one["status"], one["attempts"]) for one in listed] == [("failed", 1)]


def test_without_an_overlap_the_old_key_ends_at_once_and_two_are_the_most(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = hook(api, receiver.url)
    rotate(api, made)
    rotate(api, made)
    happen(project.id)
    rotate(api, made, overlap_seconds=0)
    happen(project.id)
    send_due()

    counts = [
        one.headers["webhook-signature"].count("v1,") for one in receiver.received
    ]
    assert counts == [1, 1]
    rotate(api, made)
    rotate(api, made)
    happen(project.id)
    send_due()
    assert receiver.received[-1].headers["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize("seconds", [-1, 604_801, "x", 1.5])
def test_an_overlap_is_up_to_a_week(api: Api, seconds: Any) -> None:
    made = hook(api)

    refused = api.post(
        f"webhooks/{made['id']}/secret/rotate", {"overlap_seconds": seconds}
    )

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "overlap_seconds"
