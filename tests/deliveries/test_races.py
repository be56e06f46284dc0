"""Senders under real threads and real commits."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest
from celery import current_app
from django.conf import LazySettings
from django.db import OperationalError, connection, transaction

from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due, send_in_background
from apps.deliveries.services.take import PER_LANE, take_due
from apps.deliveries.tasks import send
from apps.identity.models import Project
from apps.kernel import clock
from apps.realtime.connections import client
from tests.deliveries.conftest import enqueue_http, make_secret
from tests.deliveries.receiver import Receiver, running_receiver
from tests.support.factories import make_project
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SENDERS = 4
MESSAGES = 60


@pytest.fixture
def acme() -> Project:
    """A committed project that can sign."""
    project = make_project("acme")
    make_secret(project)
    return project


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """A server on this machine; when it goes, every sender has ended."""
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with running_receiver() as running:
        yield running
        wait_until(nobody_sends)


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The messages that went to the broker."""
    sent: list[str] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, **options: sent.append(name)
    )
    client().flushdb()
    yield sent
    client().flushdb()


def nobody_sends() -> bool:
    return not any(one.name == "mobius-sender" for one in threading.enumerate())


def all_delivered() -> bool:
    return not Delivery.objects.exclude(status="delivered").exists()


def test_senders_at_once_send_each_message_once(
    acme: Project, receiver: Receiver
) -> None:
    for _ in range(MESSAGES):
        enqueue_http(acme, receiver.url)
    barrier = threading.Barrier(SENDERS)

    def work(number: int) -> int:
        try:
            barrier.wait(timeout=30)
            return send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(SENDERS) as pool:
        counts = list(pool.map(work, range(SENDERS)))

    assert sum(counts) == MESSAGES == len(receiver.received)
    ids = [one.headers["x-mobius-delivery-id"] for one in receiver.received]
    assert len(set(ids)) == MESSAGES
    assert all_delivered()


def test_a_slow_receiver_holds_up_neither_the_task_nor_the_others(
    acme: Project, receiver: Receiver
) -> None:
    go_on = threading.Event()
    with running_receiver() as slow:
        slow.before = lambda: go_on.wait(timeout=9)
        late = enqueue_http(acme, slow.url)
        assert send_in_background()
        wait_until(lambda: slow.received)
        enqueue_http(acme, receiver.url)
        assert not send_in_background()  # the one at work looks again
        wait_until(lambda: Delivery.objects.filter(status="delivered").exists())

        late.refresh_from_db()
        assert (late.status, late.attempts) == ("pending", 1)
        go_on.set()
        wait_until(all_delivered)
    assert len(slow.received) == len(receiver.received) == 1


def test_an_outcome_is_written_while_others_of_its_batch_are_under_way(
    acme: Project, receiver: Receiver
) -> None:
    go_on = threading.Event()
    with running_receiver() as slow:
        slow.before = lambda: go_on.wait(timeout=9)
        enqueue_http(acme, slow.url)
        quick = enqueue_http(acme, receiver.url)
        assert send_in_background()
        wait_until(lambda: Delivery.objects.get(id=quick.id).status == "delivered")
        assert not all_delivered()
        go_on.set()
        wait_until(all_delivered)


def test_a_process_has_one_sender_however_often_it_is_asked(
    acme: Project, receiver: Receiver
) -> None:
    go_on = threading.Event()
    receiver.before = lambda: go_on.wait(timeout=9)
    enqueue_http(acme, receiver.url)
    assert send_in_background()
    wait_until(lambda: receiver.received)

    assert not any(send_in_background() for _ in range(10))
    senders = [one for one in threading.enumerate() if one.name == "mobius-sender"]
    assert len(senders) == 1
    go_on.set()
    wait_until(all_delivered)


def test_takers_at_once_keep_to_the_limit_of_a_receiver(acme: Project) -> None:
    for _ in range(MESSAGES):
        enqueue_http(acme, "https://slow.example/")
    barrier = threading.Barrier(SENDERS)

    def take(number: int) -> int:
        try:
            barrier.wait(timeout=30)
            return len(take_due(now=clock.now()))
        finally:
            connection.close()

    with ThreadPoolExecutor(SENDERS) as pool:
        assert sum(pool.map(take, range(SENDERS))) == PER_LANE


def test_the_task_with_nothing_to_do_starts_nobody(acme: Project) -> None:
    assert send() is False
    assert nobody_sends()


def test_a_commit_gives_one_hint_until_it_is_taken(
    acme: Project, receiver: Receiver, hints: list[str]
) -> None:
    with transaction.atomic():
        enqueue_http(acme, receiver.url)
        enqueue_http(acme, receiver.url)
        assert hints == []
    enqueue_http(acme, receiver.url)
    assert hints == ["deliveries.send"]

    assert send() is True
    wait_until(all_delivered)
    enqueue_http(acme, receiver.url)

    assert hints == ["deliveries.send"] * 2
    assert send_due() == 1


def test_a_rollback_gives_no_hint(acme: Project, hints: list[str]) -> None:
    with transaction.atomic():
        enqueue_http(acme, "https://example.com/")
        transaction.set_rollback(True)

    assert hints == []


def test_a_sender_that_loses_the_database_leaves_the_rest_to_the_lease(
    acme: Project, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*args: object, **options: object) -> bool:
        raise OperationalError("the connection is lost")

    one = enqueue_http(acme, receiver.url)
    with monkeypatch.context() as patched:
        patched.setattr("apps.deliveries.sending.settle_delivery", lose)
        assert send_in_background()
        wait_until(nobody_sends)

    one.refresh_from_db()
    assert one.status == "pending"
    assert one.leased_until is not None
    assert one.leased_until > clock.now()
