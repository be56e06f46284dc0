"""What is sent, once, and by whom."""

from typing import Any

import pytest
from django.db import transaction

from apps.deliveries.client import post
from apps.deliveries.models import Delivery
from apps.deliveries.outcomes import DELAYS
from apps.deliveries.sending import send_due
from apps.deliveries.services.enqueue import NewHttpDelivery, enqueue_deliveries
from apps.deliveries.services.settle import settle_delivery
from apps.deliveries.services.take import LEASE, take_due
from apps.identity.models import Project
from apps.kernel import clock
from tests.deliveries.conftest import Enqueue, enqueue_http, make_secret, stand
from tests.deliveries.receiver import Receiver
from tests.support.factories import make_project
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db


def test_a_dedup_key_makes_one_delivery_in_a_project(
    project: Project, enqueue: Enqueue, receiver: Receiver
) -> None:
    other = make_project("globex")
    make_secret(other)
    for _ in range(2):
        enqueue(dedup_key="iact_1.resolved")
        enqueue_http(other, receiver.url, dedup_key="iact_1.resolved")
        enqueue()

    assert send_due() == 4
    assert len(receiver.received) == 4


def test_two_of_one_dedup_key_in_one_call_are_one(project: Project) -> None:
    new = NewHttpDelivery(project.id, "p", "https://e.com", "s", {}, dedup_key="k")

    enqueue_deliveries([new, new], now=clock.now())

    assert Delivery.objects.count() == 1


def test_what_is_rolled_back_is_not_sent(enqueue: Enqueue, receiver: Receiver) -> None:
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)

    assert send_due() == 0
    assert receiver.received == []


def test_a_sender_that_dies_keeps_a_message_for_its_lease_only(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    delivery = enqueue()
    assert len(take_due(now=frozen.at)) == 1  # and nothing more is heard of it

    assert send_due() == 0
    frozen.at += LEASE
    assert send_due() == 1

    assert stand(delivery) == ("delivered", 2, 200)
    assert delivery.failures == 1
    assert len(receiver.received) == 1


def test_a_message_that_kills_its_senders_comes_to_an_end(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    delivery = enqueue()
    for _ in range(len(DELAYS) + 1):
        assert len(take_due(now=frozen.at)) == 1
        frozen.at += LEASE
    send_due()

    assert stand(delivery)[0] == "failed"
    assert "senders died" in delivery.last_error
    assert receiver.received == []


def test_an_outcome_that_comes_after_the_lease_changes_nothing(
    enqueue: Enqueue,
    receiver: Receiver,
    frozen: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivery = enqueue()
    stolen: list[Delivery] = []

    def steal_first(*args: Any, **options: Any) -> Any:
        if not stolen:
            frozen.at += LEASE
            stolen.extend(take_due(now=frozen.at))
        return settle_delivery(*args, **options)

    monkeypatch.setattr("apps.deliveries.sending.settle_delivery", steal_first)
    receiver.script = [500]
    send_due()

    assert stand(delivery) == ("pending", 2, None)
    assert delivery.leased_until == frozen.at + LEASE


def test_many_are_sent_in_one_go(
    project: Project, enqueue: Enqueue, receiver: Receiver
) -> None:
    for _ in range(50):
        enqueue()

    assert send_due() == 50
    assert len(receiver.received) == 50
    assert not Delivery.objects.exclude(status="delivered").exists()


def test_a_fault_of_ours_is_a_failed_attempt_and_stops_no_other(
    project: Project,
    enqueue: Enqueue,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = enqueue(), enqueue()

    async def fail_first(url: str, *, body: bytes, headers: dict[str, str]) -> Any:
        if headers["X-Mobius-Delivery-Id"] == bad.id:
            raise ZeroDivisionError("oh")
        return await post(url, body=body, headers=headers)

    monkeypatch.setattr("apps.deliveries.services.send.post", fail_first)
    send_due()

    assert stand(good)[0] == "delivered"
    assert stand(bad)[0] == "pending"
    assert bad.last_error == "ZeroDivisionError: oh"


def test_a_message_that_cannot_be_prepared_stops_no_other(
    project: Project, enqueue: Enqueue, receiver: Receiver
) -> None:
    bad, good = enqueue(body={"n": 10**400}), enqueue()

    send_due()

    assert stand(good)[0] == "delivered"
    assert stand(bad)[0] == "pending"
    assert bad.last_error.startswith("OverflowError")
