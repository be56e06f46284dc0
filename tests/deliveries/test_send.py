"""A callback from the commit to the receiver, and how often it is tried."""

import json
import socket
from datetime import timedelta

import pytest
from django.conf import LazySettings

from apps.deliveries.outcomes import DELAYS, DELAYS_OF_REFUSED
from apps.deliveries.selectors import deliveries_about
from apps.deliveries.sending import send_due
from apps.identity.models import Project
from tests.deliveries.conftest import BODY, KEY, Enqueue, enqueue_http, stand
from tests.deliveries.receiver import Receiver
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db


def test_a_callback_arrives_signed(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    delivery = enqueue(subject_id="iact_1", run_id="run_1")

    assert send_due() == 1

    (received,) = receiver.received
    assert json.loads(received.body) == BODY
    assert received.path == "/hook"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["x-mobius-delivery-id"] == delivery.id
    assert received.headers["idempotency-key"] == delivery.id
    assert received.headers["x-mobius-secret-ref"] == "signing"
    assert received.headers["x-mobius-secret-version"] == "1"
    assert int(received.headers["x-mobius-timestamp"]) == frozen.at.timestamp()
    assert received.is_signed_with(KEY)
    assert not received.is_signed_with(bytes(32))
    assert stand(delivery) == ("delivered", 1, 200)
    assert (delivery.delivered_at, delivery.leased_until) == (frozen.at, None)
    assert delivery.payload == BODY
    assert list(deliveries_about(delivery.project_id, "iact_1")) == [delivery]


def test_what_was_delivered_is_not_sent_again(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    enqueue()
    send_due()
    frozen.tick(days=30)

    assert send_due() == 0
    assert len(receiver.received) == 1


def test_a_receiver_that_is_broken_is_asked_again_for_about_a_day(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    receiver.status, receiver.answer = 503, b"try later"
    delivery = enqueue()
    first = frozen.at
    waits = []

    while True:
        assert send_due() == 1
        delivery.refresh_from_db()
        if delivery.status == "failed":
            break
        assert delivery.last_error == "the receiver answered 503: try later"
        waits.append(delivery.next_attempt_at - frozen.at)
        frozen.at = delivery.next_attempt_at - timedelta(milliseconds=1)
        assert send_due() == 0
        frozen.at = delivery.next_attempt_at

    assert len(receiver.received) == len(DELAYS) + 1 == delivery.attempts == 10
    assert [one["attempt"] for one in delivery.tries] == [*range(1, 11)]
    assert {one["status"] for one in delivery.tries} == {503}
    for wait, delay in zip(waits, DELAYS, strict=True):
        assert delay <= wait <= delay * 1.1
    assert timedelta(hours=22) < frozen.at - first < timedelta(hours=25)
    assert len({one.headers["x-mobius-delivery-id"] for one in receiver.received}) == 1
    assert len({one.headers["x-mobius-timestamp"] for one in receiver.received}) == 10
    assert len({one.body for one in receiver.received}) == 1
    assert all(one.is_signed_with(KEY) for one in receiver.received)


@pytest.mark.parametrize(
    ("status", "attempts"),
    [
        (200, 1),
        (204, 1),
        (299, 1),
        (410, 1),
        (302, DELAYS_OF_REFUSED + 1),
        (400, DELAYS_OF_REFUSED + 1),
        (404, DELAYS_OF_REFUSED + 1),
        (408, len(DELAYS) + 1),
        (425, len(DELAYS) + 1),
        (429, len(DELAYS) + 1),
        (500, len(DELAYS) + 1),
    ],
)
def test_the_answer_decides_how_often_a_receiver_is_asked(
    enqueue: Enqueue,
    receiver: Receiver,
    frozen: FrozenClock,
    status: int,
    attempts: int,
) -> None:
    receiver.status, receiver.answer = status, b""
    delivery = enqueue()
    while stand(delivery)[0] == "pending":
        frozen.at = delivery.next_attempt_at
        send_due()

    expected = "delivered" if status < 300 else "failed"
    assert stand(delivery) == (expected, attempts, status)


def test_a_receiver_that_comes_back_gets_its_message(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    receiver.script = [500, 404]
    delivery = enqueue()
    for _ in range(3):
        send_due()
        frozen.tick(hours=1)

    assert stand(delivery) == ("delivered", 3, 200)
    assert delivery.last_error == ""


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("999999", 3600),
        ("Mon, 04 May 2026 12:10:00 GMT", 600),
        ("Mon, 04 May 2026 11:10:00 GMT", 5),
        ("Tue, 05 May 2099 12:00:00 GMT", 3600),
        ("Sun, 06 Nov", 5),
        ("-1", 5),
    ],
)
def test_a_busy_receiver_may_say_when_to_come_back(
    enqueue: Enqueue,
    receiver: Receiver,
    frozen: FrozenClock,
    said: str,
    seconds: int,
) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": said}
    delivery = enqueue()
    send_due()
    delivery.refresh_from_db()

    wait = delivery.next_attempt_at - frozen.at
    assert timedelta(seconds=seconds) <= wait < timedelta(seconds=seconds * 1.1 + 1)


def test_a_receiver_that_is_gone_is_a_failure_with_its_reason(
    project: Project, enqueue: Enqueue, frozen: FrozenClock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/"
    delivery = enqueue_http(project, url)

    send_due()

    assert stand(delivery) == ("pending", 1, None)
    assert "the connection failed" in delivery.last_error


def test_a_closed_address_fails_at_once_and_nothing_is_sent(
    project: Project, enqueue: Enqueue, receiver: Receiver, settings: LazySettings
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = []
    delivery = enqueue()

    send_due()

    assert stand(delivery) == ("failed", 1, None)
    assert "closed to deliveries: loopback" in delivery.last_error
    assert receiver.received == []
