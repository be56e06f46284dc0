"""Trying a webhook."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import standardwebhooks
from django.db import connection

from apps.deliveries.models import Delivery
from apps.webhooks.services.ping import PINGS_MAX
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.support.waiting import wait_until
from tests.webhooks.scenes import hook


def test_a_ping_is_signed_and_its_answer_told(api: Api, receiver: Receiver) -> None:
    made = hook(api, receiver.url)

    told = api.post(f"webhooks/{made['id']}/ping")

    assert told.status_code == 200
    latency = told.json().pop("latency_ms")
    assert told.json() | {"latency_ms": 0} == {
        "success": True,
        "status_code": 200,
        "latency_ms": 0,
    }
    assert latency >= 0
    (received,) = receiver.received
    body = standardwebhooks.Webhook(made["signing_secret"]).verify(
        received.body, received.headers
    )
    assert body == {"type": "ping", "data": {"webhook_id": made["id"], "name": "hook"}}
    assert received.headers["x-mobius-event-type"] == "ping"
    assert not Delivery.objects.exists()


def test_another_address_can_be_tried_and_a_disabled_webhook_too(
    api: Api, receiver: Receiver
) -> None:
    made = hook(api, "", enabled=False)

    told = api.post(f"webhooks/{made['id']}/ping", {"url": receiver.url})

    assert told.json()["success"] is True
    assert json.loads(receiver.received[0].body)["type"] == "ping"
    without = api.post(f"webhooks/{made['id']}/ping")
    assert (without.status_code, without.json()["details"]["path"]) == (400, "url")


def test_a_receiver_that_fails_is_told_as_it_is(api: Api, receiver: Receiver) -> None:
    made = hook(api, receiver.url)
    receiver.status, receiver.answer = 500, b"broken"

    told = api.post(f"webhooks/{made['id']}/ping").json()

    assert (told["success"], told["status_code"]) == (False, 500)
    assert told["error"] == "the receiver answered 500: broken"


def test_closed_addresses_are_refused(api: Api) -> None:
    made = hook(api)

    refused = api.post(f"webhooks/{made['id']}/ping", {"url": "http://10.0.0.1/"})

    assert refused.status_code == 400
    assert "private" in refused.json()["message"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_pings_that_hang_leave_the_api_its_threads(receiver: Receiver) -> None:
    api = make_api(make_project("acme"), role="Admin")
    made = hook(api, receiver.url)
    path = f"webhooks/{made['id']}/ping"
    go_on = threading.Event()
    receiver.before = lambda: go_on.wait(timeout=9)

    def ping(number: int) -> int:
        try:
            return int(Api(api.project, api.key).post(path).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(PINGS_MAX) as pool:
        held = [pool.submit(ping, number) for number in range(PINGS_MAX)]
        wait_until(lambda: len(receiver.received) == PINGS_MAX)
        refused = api.post(path)
        go_on.set()

    assert refused.status_code == 429
    assert refused["Retry-After"] == "1"
    assert [one.result() for one in held] == [200] * PINGS_MAX
    assert api.post(path).status_code == 200
