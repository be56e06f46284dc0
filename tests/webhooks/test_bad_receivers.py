"""Receivers that fail, hang, redirect, flood or dribble: others get their messages all
the same, and no sender is held up."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from apps.deliveries.client import post
from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_in_background
from apps.deliveries.services.take import PER_LANE, SLOTS
from apps.identity.models import Project
from tests.deliveries.receiver import Receiver, running_receiver
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.support.waiting import wait_until
from tests.webhooks.scenes import Body, happen, hook, sent_to

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

MESSAGES = 6
#: How long a bad receiver dribbles at most, in seconds: longer than a sender waits.
DRIBBLES = 30
#: 10 MB in a few KB.
PACKED = gzip.compress(bytes(10_000_000))
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

Talk = Callable[[socket.socket, threading.Event], None]


def hang(peer: socket.socket, over: threading.Event) -> None:
    """Say nothing."""
    over.wait(DRIBBLES)


def flood(peer: socket.socket, over: threading.Event) -> None:
    """Send a body without end."""
    peer.sendall(HELLO + b"\r\n")
    while not over.is_set():
        peer.sendall(b"x" * 65_536)


def flood_headers(peer: socket.socket, over: threading.Event) -> None:
    """Send headers without end."""
    peer.sendall(HELLO)
    while not over.is_set():
        peer.sendall(b"X-More: " + b"y" * 65_536 + b"\r\n")


def bomb(peer: socket.socket, over: threading.Event) -> None:
    """Send a little that says to be unpacked to a great deal."""
    length = f"Content-Length: {len(PACKED)}\r\n".encode()
    peer.sendall(HELLO + b"Content-Encoding: gzip\r\n" + length + b"\r\n" + PACKED)


def dribble(peer: socket.socket, over: threading.Event) -> None:
    """Send a body, a byte at a time."""
    peer.sendall(HELLO + b"Content-Length: 1000\r\n\r\n")
    until = time.monotonic() + DRIBBLES
    while not over.wait(0.05) and time.monotonic() < until:
        peer.sendall(b"z")


def continue_forever(peer: socket.socket, over: threading.Event) -> None:
    """Promise an answer again and again."""
    while not over.wait(0.01):
        peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


@contextlib.contextmanager
def bad_receiver(talk: Talk) -> Iterator[str]:
    """Take connections and talk badly on each; the address is yielded."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def one(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            peer.recv(65_536)
            talk(peer, over)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = server.accept()
                threads.append(threading.Thread(target=one, args=(peer,)))
                threads[-1].start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for thread in (accepting, *threads):
            thread.join()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less long for receivers, so that the test ends."""
    defaults: Any = post.__kwdefaults__
    monkeypatch.setitem(defaults, "total", 2.0)


@pytest.fixture
def acme(settings: LazySettings) -> Api:
    """A committed project whose deliveries may go to this machine."""
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    return make_api(make_project("acme"), role="Admin")


@pytest.fixture
def good(acme: Api) -> Iterator[Receiver]:
    """A receiver that takes everything; when it goes, every sender has ended."""
    with running_receiver() as running:
        yield running
        wait_until(nobody_sends, seconds=30)


def nobody_sends() -> bool:
    return not any(one.name == "mobius-sender" for one in threading.enumerate())


def project_of(api: Api) -> str:
    return Project.objects.get(handle=api.project).id


def delivered(webhook: Body) -> bool:
    return all(one.status == "delivered" for one in sent_to(webhook))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "talk", [hang, flood, flood_headers, bomb, dribble, continue_forever]
)
def test_a_bad_receiver_costs_the_others_nothing(
    acme: Api, good: Receiver, talk: Talk
) -> None:
    with bad_receiver(talk) as url:
        bad = hook(acme, url, name="bad")
        well = hook(acme, good.url, name="well")
        for _ in range(MESSAGES):
            happen(project_of(acme))
        began = time.monotonic()
        send_in_background()
        wait_until(lambda: delivered(well))
        waited = time.monotonic() - began
        wait_until(lambda: all(one.attempts for one in sent_to(bad)), seconds=30)
        wait_until(nobody_sends, seconds=30)

    assert len(good.received) == MESSAGES
    if talk in (flood, bomb):
        assert delivered(bad)  # its first bytes said 200, and no more is read
        assert all(len(one.last_answer) < 5_000 for one in sent_to(bad))
        return
    assert waited < 2.0
    assert {one.status for one in sent_to(bad)} == {"pending"}
    assert all(one.last_error for one in sent_to(bad))


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_receiver_that_answers_badly_costs_the_others_nothing(
    acme: Api, good: Receiver, status: int
) -> None:
    with running_receiver() as bad:
        bad.status = status
        bad.headers = {"Location": good.url}
        hook(acme, bad.url, name="bad")
        well = hook(acme, good.url, name="well")
        for _ in range(MESSAGES):
            happen(project_of(acme))
        send_in_background()
        wait_until(lambda: delivered(well))
        wait_until(nobody_sends)

    assert len(good.received) == len(bad.received) == MESSAGES


def test_more_messages_hang_than_a_process_has_places_and_others_get_theirs(
    acme: Api, good: Receiver
) -> None:
    """Each of many receivers hangs with as much as it may have under way. Messages of
    another project come later and are not held up."""
    go_on = threading.Event()
    count = SLOTS // PER_LANE + 1
    with running_receiver() as slow:
        slow.before = lambda: go_on.wait(timeout=9)
        for number in range(count):
            hook(acme, f"{slow.url}/{number}", name=f"slow {number}")
        for _ in range(PER_LANE):
            happen(project_of(acme))
        assert send_in_background()
        wait_until(lambda: slow.received)
        other = make_api(make_project("globex"), role="Admin")
        well = hook(other, good.url)
        for _ in range(MESSAGES):
            happen(project_of(other))
        send_in_background()
        wait_until(lambda: delivered(well))

        held = Delivery.objects.filter(status="pending", attempts=1)
        assert held.count() < SLOTS
        go_on.set()
        wait_until(nobody_sends, seconds=60)
