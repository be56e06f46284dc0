"""One request to somebody else's server, which must not lead back into our own network.

Every request of ours to somebody else goes through here. The name is resolved here,
every address it has is checked, and the connection goes to an address that was checked:
a name that changes its mind in between changes nothing. No proxy, no redirect (a 3xx is
an answer like another), no variable of the environment, no compression, one deadline
for everything.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Final

import httpcore2
import httpx2
from django.conf import settings

from apps.deliveries.addresses import Address, literal_address, why_closed
from apps.deliveries.spans import in_span

URL_CHARS_MAX: Final = 2048
CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
#: Of an answer's body; nobody needs more than this to see what went wrong.
ANSWER_BYTES_MAX: Final = 4096
PORT_MAX: Final = 65_535
#: Where something listens that is no web server, and may take our words for its own:
#: the list of the Fetch standard, which browsers keep to.
PORTS_CLOSED: Final = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79),
        *(87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137),
        *(139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532),
        *(540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723),
        *(2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668),
        *(6669, 6679, 6697, 10080),
    }
)
_SCHEMES: Final = ("http", "https")
_PORTS: Final = {"http": 80, "https": 443}
_BODILESS: Final = ("GET", "HEAD", "DELETE", "OPTIONS")
#: A resolver that hangs holds one of these threads, not the sender: as many as a
#: process has messages under way.
_resolvers = ThreadPoolExecutor(max_workers=128, thread_name_prefix="mobius-resolve")


class Unreachable(Exception):
    """No answer came; the text says why, for people."""


class Refused(Unreachable):
    """We do not even try: the address is closed to deliveries."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said. ``whole`` is whether its body is all here."""

    status: int
    body: bytes
    retry_after: str = ""
    content_type: str = ""
    whole: bool = True


def url_problem(url: str) -> str:
    """Return what is wrong with a callback URL as written, empty when nothing is.

    What its name resolves to is checked with every attempt, not here.
    """
    if not 0 < len(url) <= URL_CHARS_MAX:
        return f"expected 1 to {URL_CHARS_MAX} characters"
    if any(char <= " " or char == "\x7f" or char == "\\" for char in url):
        return "must not contain spaces, backslashes or control characters"
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode()
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        return "expected a URL such as https://example.com/path"
    if parsed.scheme not in _SCHEMES or not host:
        return "expected a URL that begins with https:// or http:// and names a host"
    if parsed.userinfo:
        return "must not contain a user name or password"
    if parsed.port is not None and not 1 <= parsed.port <= PORT_MAX:
        return f"expected a port from 1 to {PORT_MAX}"
    if parsed.port in PORTS_CLOSED:
        return f"port {parsed.port} is not one of web servers"
    address = literal_address(parsed.host) or literal_address(host)
    closed = address and why_closed(address, settings.DELIVERY_ALLOWED_NETWORKS)
    return f"the address {address} is closed to deliveries: {closed}" if closed else ""


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, the URL itself where it has none."""
    try:
        parsed = httpx2.URL(url)
        return f"{parsed.scheme}://{parsed.netloc.decode()}"
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        return url[:256]


def full_origin(url: str) -> str:
    """Return scheme, host and port as this client reads them, the port always; empty
    for what has no origin."""
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode()
        port = parsed.port or _PORTS[parsed.scheme]
    except (httpx2.InvalidURL, ValueError, KeyError):
        return ""
    return f"{parsed.scheme}://{host}:{port}" if host else ""


async def post(
    url: str, *, body: bytes, headers: Mapping[str, str], total: float = TOTAL_SECONDS
) -> Answer:
    """POST ``body`` and return the answer, whatever its status is.

    Raises:
        Refused: the URL or an address of its host is closed to deliveries.
        Unreachable: no answer came in time.
    """
    for name, value in headers.items():
        if not (_is_plain(name) and _is_plain(value)):
            raise Refused(f"the header {name!r} cannot be sent as it is written")
    fields = {"Content-Length": str(len(body)), **headers}
    return await _ask("POST", url, body, fields, ANSWER_BYTES_MAX, total)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


async def get(url: str, *, bytes_max: int, total: float) -> Answer:
    """GET and return the answer with the first ``bytes_max`` bytes of its body.

    Raises:
        Refused, Unreachable: as ``post`` does.
    """
    return await _ask("GET", url, b"", {}, bytes_max, total)


async def send(
    method: str,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    bytes_max: int,
    total: float,
) -> Answer:
    """Send any request and return the answer with the first ``bytes_max`` bytes of its
    body. The caller vouches for method and headers; Host and the like are ours.

    Raises:
        Refused, Unreachable: as ``post`` does.
    """
    fields = {**headers}
    if body or method not in _BODILESS:
        fields["Content-Length"] = str(len(body))
    return await _ask(method, url, body, fields, bytes_max, total)


async def _ask(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    bytes_max: int,
    total: float,
) -> Answer:
    problem = url_problem(url)
    if problem:
        raise Refused(problem)
    try:
        async with asyncio.timeout(total):
            return await _exchange(method, httpx2.URL(url), body, headers, bytes_max)
    except TimeoutError:
        raise Unreachable(f"no answer within {total:g} seconds") from None
    except httpcore2.ConnectTimeout:
        raise Unreachable(f"no connection within {CONNECT_SECONDS:g} seconds") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        said = str(error) or type(error).__name__
        raise Unreachable(f"the connection failed: {said[:200]}") from None


@in_span
async def _exchange(
    method: str,
    url: httpx2.URL,
    body: bytes,
    headers: Mapping[str, str],
    bytes_max: int,
) -> Answer:
    target = httpcore2.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    fields = [
        ("Host", url.netloc.decode()),
        ("User-Agent", "Mobius"),
        ("Accept-Encoding", "identity"),
        *headers.items(),
    ]
    async with (
        httpcore2.AsyncConnectionPool(
            ssl_context=_tls(), network_backend=_GuardedNetwork(), max_connections=1
        ) as pool,
        pool.stream(
            method,
            target,
            headers=fields,
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        ) as answer,
    ):
        said = {name.lower(): value for name, value in answer.headers}
        retry_after = said.get(b"retry-after", b"").decode("latin-1")
        content_type = said.get(b"content-type", b"").decode("latin-1")
        found = await _beginning_of(answer, bytes_max)
        whole = len(found) <= bytes_max
        return Answer(
            answer.status, found[:bytes_max], retry_after, content_type, whole
        )


async def _beginning_of(answer: httpcore2.Response, bytes_max: int) -> bytes:
    """Return the body, or, of a longer one, more than ``bytes_max`` bytes of it."""
    found = bytearray()
    async for part in answer.aiter_stream():
        found += part
        if len(found) > bytes_max:
            break
    return bytes(found)


class _GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    def __init__(self) -> None:
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of ``host`` that answers."""
        failed: Exception | None = None
        for address in await _open_addresses(host, port):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or Unreachable(f"{host} has no address")

    async def connect_unix_socket(
        self, path: str, *args: Any, **options: Any
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: there is nothing for us in files."""
        raise Refused("deliveries go to the network only")


async def _open_addresses(host: str, port: int) -> list[Address]:
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"the name {host} cannot be resolved: {error}") from None
    for address in found:
        closed = why_closed(address, settings.DELIVERY_ALLOWED_NETWORKS)
        if closed:
            raise Refused(
                f"{host} is at {address}, which is closed to deliveries: {closed}"
            )
    return found


async def resolve(host: str, port: int) -> list[Address]:
    """Return every address of a host, in the order in which to try them."""
    loop = asyncio.get_running_loop()
    found: Sequence[Any] = await loop.run_in_executor(
        _resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


@lru_cache(maxsize=1)
def _tls() -> SSLContext:
    return httpx2.create_ssl_context(trust_env=False)
