"""What an endpoint verifies and reads with the helper that published clients have."""

import base64
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from apps.actions.models import Invocation
from mobius.local.published import find_client
from tests.actions.scenes import make_action
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.server_actions import run_step

pytestmark = pytest.mark.django_db

VERSION = "0.0.61"
#: Runs in a process that has the published client, and nothing of ours.
VERIFIER = """
import base64, json, sys
from deepnoodle.mobius import signing
asked = json.load(sys.stdin)
try:
    call = signing.verify_action_invocation_v1(
        base64.b64decode(asked["body"]),
        asked["headers"],
        key=base64.b64decode(asked["key"]),
    ).invocation
    context = call.mobius
    print(json.dumps({
        "action": context.action.name, "kind": context.origin.kind,
        "run": context.origin.run_id, "step": context.origin.step_key,
        "actor": context.actor.principal_type, "parameters": call.parameters}))
except signing.InvalidSignatureError as error:
    print(json.dumps({"refused": type(error).__name__}))
"""


def read(receiver: Receiver, key: str) -> Any:
    """What the client makes of the first call that came."""
    got = receiver.received[0]
    body = base64.b64encode(got.body).decode()
    done = subprocess.run(
        [sys.executable, "-c", VERIFIER],
        input=json.dumps({"headers": got.headers, "body": body, "key": key}),
        env={**os.environ, "PYTHONPATH": str(find_client(VERSION))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_verifies_and_reads_a_call(api: Api, receiver: Receiver) -> None:
    made = make_action(api, url=receiver.url)
    run = run_step(api, "charge", {"amount": 3})

    assert read(receiver, made["signing_secret"]) == {
        "action": "charge",
        "kind": "loop_action_step",
        "run": run.id,
        "step": "do",
        "actor": "service",
        "parameters": {"amount": 3},
    }
    assert Invocation.objects.get().http_status == 200


def test_it_refuses_another_key(api: Api, receiver: Receiver) -> None:
    make_action(api, url=receiver.url)
    run_step(api, "charge")

    other = base64.b64encode(bytes(32)).decode()
    assert read(receiver, other) == {"refused": "InvalidSignatureError"}
