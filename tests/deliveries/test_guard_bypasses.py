"""No known bypass makes a delivery connect: proved with something that listens on every
address of this machine, the name resolver a real one behind a table of lies."""

import asyncio
import selectors
import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import httpcore2
import pytest
from django.conf import LazySettings

from apps.deliveries.client import Answer, Refused, Unreachable, get, post, url_problem
from tests.deliveries.bypasses import NAMES, urls
from tests.deliveries.receiver import Receiver
from tests.support.waiting import wait_until

#: Stands for the port in the names of tests; the real one is put in its place.
PORT = 48_731


class Listening:
    """Takes connections on 0.0.0.0 and :: at one port, and counts them."""

    def __init__(self) -> None:
        self.four = socket.create_server(("0.0.0.0", 0))  # noqa: S104
        self.port: int = self.four.getsockname()[1]
        self.sockets = [self.four]
        if socket.has_ipv6:
            self.sockets.append(
                socket.create_server(("::", self.port), family=socket.AF_INET6)
            )
        self.came: list[Any] = []
        self._ends, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for one in (*self.sockets, self._ends):
                waiting.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    if key.fileobj is self._ends:
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    peer, address = key.fileobj.accept()
                    peer.close()
                    self.came.append(address)

    def close(self) -> None:
        """Stop."""
        self._end.close()
        self._thread.join()
        for one in (*self.sockets, self._ends):
            one.close()


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    """Whoever connects to this machine at its port is counted."""
    one = Listening()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def lying_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver of this machine, except that some names resolve as they like."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in NAMES:
            return [(0, 0, 0, "", (address, port)) for address in NAMES[name]]
        numeric = {**options, "flags": socket.AI_NUMERICHOST}
        return real(host, port, *args, **numeric)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def send(url: str) -> Answer:
    return asyncio.run(post(url, body=b"{}", headers={}, total=3))


def test_there_are_enough_of_them() -> None:
    every = urls(PORT)

    assert len(every) == len(set(every)) > 250


@pytest.mark.parametrize("url", urls(PORT), ids=ascii)
def test_a_bypass_connects_to_nothing(listening: Listening, url: str) -> None:
    came = len(listening.came)
    here = url.replace(str(PORT), str(listening.port))

    with pytest.raises(Unreachable):
        send(here)
    with pytest.raises(Unreachable):
        asyncio.run(get(here, bytes_max=10, total=3))

    assert len(listening.came) == came


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/", "http://localtest.example:{}/", "http://0x7f.1:{}/"]
)
def test_the_same_listener_is_reached_where_the_operator_allows_it(
    listening: Listening, settings: LazySettings, url: str
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    came = len(listening.came)

    with pytest.raises(Unreachable, match="the connection failed"):
        send(url.format(listening.port))  # it hangs up without a word

    wait_until(lambda: len(listening.came) == came + 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_inwards_is_an_answer(
    receiver: Receiver, listening: Listening, settings: LazySettings, status: int
) -> None:
    host = receiver.url.split("/")[2].partition(":")[0]
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network(f"{host}/32")]
    receiver.status = status
    came = len(listening.came)
    for target in (
        f"http://127.0.0.2:{listening.port}/",
        f"//127.0.0.1:{listening.port}/",
        f"http://[::1]:{listening.port}/",
        "/elsewhere",
    ):
        receiver.headers = {"Location": target}
        assert send(receiver.url).status == status

    assert [one.path for one in receiver.received] == ["/hook"] * 4
    assert len(listening.came) == came


def test_a_name_that_changes_its_mind_is_asked_once_and_connected_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch, listening: Listening
) -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]]
    dialled: list[str] = []

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    async def connect_tcp(self: object, host: str, *args: Any) -> Any:
        dialled.append(host)
        raise httpcore2.ConnectError("far away")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect_tcp)
    came = len(listening.came)
    with pytest.raises(Unreachable):
        send(f"http://rebinding.example:{listening.port}/")

    assert dialled == ["93.184.215.14"]
    assert len(answers) == 2
    assert len(listening.came) == came


def test_the_checked_address_is_dialled_and_the_name_is_in_host_header(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.url.split(":")[2].partition("/")[0]
    monkeypatch.setitem(NAMES, "good.example", ["127.0.0.1"])

    assert send(f"http://good.example:{port}/hook?a=1#b").status == 200

    (one,) = receiver.received
    assert one.headers["host"] == f"good.example:{port}"
    assert one.path == "/hook?a=1"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "b\r\nX-Injected: c"},
        {"X-A": "b\nc"},
        {"X-A\r\nX-Injected": "b"},
        {"X-A": "b\x00"},
        {"X-A": "bä"},
    ],
)
def test_a_header_carries_no_other(receiver: Receiver, headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="header"):
        asyncio.run(post(receiver.url, body=b"", headers=headers))
    assert receiver.received == []


def test_a_url_is_told_at_the_door_where_it_can_be_seen_there() -> None:
    seen = [url for url in urls(PORT) if url_problem(url)]

    assert len(seen) > 230
    assert {url for url in urls(PORT) if url not in seen} >= {
        f"http://{name}:{PORT}/hook" for name in ("redis", "mixed.example")
    }
