"""Deliveries never reach into our own network, however its addresses are spelt."""

import asyncio
import contextlib
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore2
import pytest
from django.conf import LazySettings

from apps.deliveries.addresses import literal_address, why_closed
from apps.deliveries.client import Answer, Refused, Unreachable, post, url_problem
from tests.deliveries.receiver import Receiver

CLOSED = [
    # IPv4, plainly
    *("0.0.0.1", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1"),
    *("100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
    # IPv6
    *("[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fe80::1]", "[fec0::1]", "[fc00::1]"),
    *("[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]"),
    *("[4000::1]", "[5f00::1]"),
    # IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, Teredo, ISATAP
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::a00:1]"),
    *("[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]"),
    *("[2a00::5efe:7f00:1]", "[2a00::200:5efe:a00:1]"),
    # IPv4 as the C library reads it
    *("127.1", "127.0.1", "0x7f.1", "0x7f.0.0.1", "0x7f000001", "0X7F000001"),
    *("2130706433", "017700000001", "0177.0.0.1", "00000177.1", "0", "10.1"),
    *("2852039166", "0xa9fea9fe", "127.0.0.1.", "0300.0250.0.1"),
    # in other scripts, and by the one name that means this machine
    *("①②⑦.0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "x.y.localhost."),
]

Addresses = list[str]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Addresses]:
    """A resolver of our own: name -> addresses."""
    known: dict[str, Addresses] = {}

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [(0, 0, 0, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Addresses:
    """Whom anybody tries to connect to; nobody is reached."""
    tried: Addresses = []

    async def connect_tcp(self: object, host: str, *args: Any) -> Any:
        tried.append(host)
        raise httpcore2.ConnectError("nobody there")

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect_tcp)
    return tried


def send(url: str, **options: Any) -> Answer:
    return asyncio.run(post(url, body=b"{}", headers={}, **options))


@pytest.mark.parametrize("host", CLOSED)
def test_a_closed_address_is_refused_however_it_is_spelt(
    host: str, dialled: Addresses
) -> None:
    url = f"http://{host}:8080/x"

    assert url_problem(url)
    with pytest.raises(Refused):
        send(url)
    assert dialled == []


@pytest.mark.parametrize("host", CLOSED)
def test_a_name_that_resolves_to_a_closed_address_is_refused(
    host: str, names: dict[str, Addresses], dialled: Addresses
) -> None:
    address = literal_address(host)
    assert address is not None
    names["innocent.example"] = [str(address)]

    assert url_problem("https://innocent.example/") == ""
    with pytest.raises(Refused, match="closed to deliveries"):
        send("https://innocent.example/")
    assert dialled == []


@pytest.mark.parametrize("closed", ["10.0.0.1", "::1", "fe80::1%eth0"])
def test_one_closed_address_among_open_ones_is_enough(
    closed: str, names: dict[str, Addresses], dialled: Addresses
) -> None:
    names["mixed.example"] = ["93.184.215.14", closed, "2a00:1450::5"]

    with pytest.raises(Refused):
        send("https://mixed.example/")
    assert dialled == []


def test_the_connection_goes_to_the_addresses_that_were_checked(
    names: dict[str, Addresses], dialled: Addresses
) -> None:
    names["good.example"] = ["93.184.215.14", "2a00:1450::5"]

    with pytest.raises(Unreachable, match="nobody there"):
        send("http://good.example/")
    assert dialled == ["93.184.215.14", "2a00:1450::5"]


def test_a_name_is_resolved_once_for_an_attempt(
    monkeypatch: pytest.MonkeyPatch, dialled: Addresses
) -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unreachable):
        send("http://rebinding.example/")
    assert dialled == ["93.184.215.14"]
    assert len(answers) == 1


@pytest.mark.parametrize(
    "host", ["93.184.215.14", "8.8.8.8", "[2a00:1450:4001:830::200e]", "example.com"]
)
def test_public_addresses_and_names_are_fine(host: str) -> None:
    for url in (f"https://{host}", f"http://{host}:8443/a?b=c#d"):
        assert url_problem(url) == ""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "1 to 2048"),
        ("https://e.com/" + "a" * 2048, "1 to 2048"),
        ("ftp://e.com/", "https"),
        ("file:///etc/passwd", "https"),
        ("gopher://e.com/", "https"),
        ("//e.com/x", "https"),
        ("e.com", "https"),
        ("https://", "https"),
        ("https:///x", "https"),
        ("https://user@e.com/", "user name"),
        ("https://user:pass@e.com/", "user name"),
        ("https://e.com:0/", "port"),
        ("https://e.com:99999/", "port"),
        ("https://e.com:x/", "URL"),
        ("https://e.com /", "spaces"),
        ("https://e.com\\@127.0.0.1/", "backslashes"),
        ("https://e.com/\r\nHost: x", "control"),
        ("https://e.com/\x00", "control"),
        ("https://[::1/", "URL"),
    ],
)
def test_a_url_that_is_none_of_ours_is_told_why(url: str, said: str) -> None:
    assert said in url_problem(url)
    with pytest.raises(Refused):
        send(url)


def test_what_the_operator_allows_is_open_and_nothing_beside_it(
    settings: LazySettings,
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("10.1.0.0/16")]

    assert url_problem("http://10.1.2.3/") == ""
    for host in ("10.2.0.1", "127.0.0.1", "[::ffff:10.1.2.3]", "[64:ff9b::a01:203]"):
        assert url_problem(f"http://{host}/")


def test_an_address_with_a_zone_is_closed_even_in_an_allowed_network() -> None:
    zoned = IPv6Address("fe80::1%eth0")

    assert why_closed(zoned, [ip_network("fe80::/10")])
    assert not why_closed(IPv6Address("fe80::1"), [ip_network("fe80::/10")])


@pytest.mark.parametrize(
    "host",
    ["example.com", "a.b", "cafe", "x", "12.example", "10.0.0.1.example", "é.fr"],
)
def test_a_name_is_not_taken_for_an_address(host: str) -> None:
    assert literal_address(host) is None


def test_an_address_is_read_as_the_resolver_reads_it() -> None:
    for host in ("127.1", "0x7f.1", "2130706433", "0177.0.0.1"):
        found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
        assert ip_address(found[0][4][0]) == literal_address(host)
        assert literal_address(host) == IPv4Address("127.0.0.1")


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    receiver.status = 307
    receiver.headers = {"Location": receiver.url + "/elsewhere"}

    assert send(receiver.url).status == 307
    assert [one.path for one in receiver.received] == ["/hook"]


def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")

    assert send(receiver.url).status == 200


def test_no_more_than_the_beginning_of_an_answer_is_read(receiver: Receiver) -> None:
    receiver.answer = b"x" * 10_000_000

    assert send(receiver.url).body == b"x" * 4096


def test_a_receiver_that_says_nothing_is_left_at_the_deadline(
    receiver: Receiver,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Unreachable, match=r"no answer within 0\.1 seconds"):
            send(url, total=0.1)


@pytest.mark.parametrize(
    "say",
    [b"HTTP/1.1 2", b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nX:" + b"y" * 200_000],
)
def test_a_receiver_that_speaks_no_http_is_unreachable(
    receiver: Receiver, say: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def talk() -> Answer:
            loop = asyncio.get_running_loop()
            server.setblocking(False)
            sending = asyncio.create_task(
                post(
                    f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"", headers={}
                )
            )
            peer, _ = await loop.sock_accept(server)
            with peer:
                await loop.sock_recv(peer, 65536)
                with contextlib.suppress(OSError):
                    await loop.sock_sendall(peer, say)
            return await sending

        with pytest.raises(Unreachable, match="the connection failed"):
            asyncio.run(talk())


def test_a_name_that_does_not_resolve_is_unreachable(
    names: dict[str, Addresses],
) -> None:
    with pytest.raises(Unreachable, match="cannot be resolved"):
        send("https://nowhere.example/")


def test_a_server_without_tls_is_unreachable_over_https(receiver: Receiver) -> None:
    with pytest.raises(Unreachable, match="the connection failed"):
        send(receiver.url.replace("http://", "https://"))
    assert receiver.received == []
