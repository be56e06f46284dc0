"""The client for ordinary programs. ``AsyncClient`` is the same with ``await``."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from mobius.sdk.calls import (
    RETRIED_STATUSES,
    Call,
    Exchange,
    Json,
    decode,
    delay_before,
)
from mobius.sdk.configuration import Access, read_access
from mobius.sdk.errors import ApiError, ConnectionFailed, WaitTimedOut, api_error
from mobius.sdk.resources.automations import Automations
from mobius.sdk.resources.events import Events
from mobius.sdk.resources.interactions import Interactions
from mobius.sdk.resources.loops import Loops
from mobius.sdk.resources.runs import Runs
from mobius.sdk.resources.webhooks import Webhooks
from mobius.sdk.resources.workers import Workers
from mobius.sdk.resources.workflows import Workflows
from mobius.sdk.streams import Feed, StreamEvent

Result = TypeVar("Result")
#: Servers send a keep-alive more often than this.
STREAM_READ_SECONDS = 60.0


class Client:
    """Calls one server with one key in one project. May be used by several threads.

    ``timeout`` is in seconds, for each request. ``retries`` is how often a request is
    sent again that may be: see ``request``. ``transport`` is one of httpx2.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        *,
        timeout: float = 60,
        retries: int = 3,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.access: Access = read_access(base_url, api_key, project)
        self.timeout = timeout
        self.retries = retries
        self._http = httpx2.Client(timeout=timeout, transport=transport)
        self.workflows = Workflows(self)
        self.automations = Automations(self)
        self.loops = Loops(self)
        self.runs = Runs(self)
        self.interactions = Interactions(self)
        self.events = Events(self)
        self.workers = Workers(self)
        self.webhooks = Webhooks(self)

    @property
    def base_url(self) -> str:
        """Where the server is, without a slash at the end."""
        return self.access.base_url

    @property
    def project(self) -> str:
        """The handle or id of the project; empty when none is known."""
        return self.access.project

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request; return the decoded JSON, None when the answer is empty.

        ``path`` is ``/v1/…`` or below the project, as ``runs/run_…``. On 429, 500, 502,
        503, 504 and when no answer came it is sent again, up to ``retries`` times: GET,
        HEAD, PUT and DELETE always, others only with an ``idempotency_key``. Between
        tries it waits as ``Retry-After`` says, else 1, 2, 4 s; a minute at most.

        Raises:
            ApiError: the server refused, with a class for each kind.
            ConnectionFailed: no usable answer came.
            ConfigurationError: nothing was sent: a part of the request is no good.
        """
        call = Call(method, path, query, body, idempotency_key, headers)
        return self.send(call)

    def send(self, call: Call) -> Any:
        """Send a call as ``request`` does."""
        retry = 0
        while True:
            try:
                return self._send_once(call)
            except (ApiError, ConnectionFailed) as error:
                retry += 1
                if retry > self.retries or not call.may_repeat or is_final(error):
                    raise
                time.sleep(delay_before(retry, getattr(error, "retry_after", None)))

    def _send_once(self, call: Call) -> Any:
        url = self.access.url(call.path)
        try:
            answer = self._http.request(
                call.method,
                url,
                params=call.parameters() or None,
                content=call.content(),
                headers={**self.access.headers, **call.own_headers()},
                timeout=self.timeout if call.timeout is None else call.timeout,
            )
        except httpx2.TransportError as error:
            raise unanswered(url, error) from error
        if answer.status_code >= 300:
            raise refusal(answer)
        return decode(answer.content, url)

    def carry_out(self, exchange: Exchange[Result]) -> Result:
        """Run an exchange to its end and return what comes of it."""
        try:
            call = next(exchange)
            while True:
                try:
                    answer = self.send(call)
                except Exception as error:
                    call = exchange.throw(error)
                else:
                    call = exchange.send(answer)
        except StopIteration as done:
            result: Result = done.value
            return result

    def pages(
        self, path: str, query: Mapping[str, Any] | None = None
    ) -> Iterator[Json]:
        """Yield every item of a list, following cursors. ``limit`` in ``query`` is the
        size of a page, not of the whole."""
        asked = dict(query or {})
        while True:
            page = self.request("GET", path, query=asked)
            yield from page["items"]
            if not page.get("has_more") or not page.get("next_cursor"):
                return
            asked["cursor"] = page["next_cursor"]

    def stream(
        self,
        path: str,
        *,
        after: int | None = None,
        until: Callable[[StreamEvent], bool] | None = None,
        deadline: float | None = None,
    ) -> Iterator[StreamEvent]:
        """Yield the events of a stream as they come, each once and none left out.

        A connection that is lost is made again from the last event on, ten times in a
        row at most. It ends after the event that ends the run, or the first for which
        ``until`` is true (which is yielded too). ``after`` is the sequence number to
        begin behind. ``deadline`` is an instant of ``time.monotonic``.

        Raises:
            ApiError, ConnectionFailed: the stream cannot be had.
            WaitTimedOut: the deadline has passed.
        """
        feed = Feed(after)
        while not feed.is_over():
            wait: float | None = None
            try:
                with self._open(path, feed, deadline) as chunks:
                    for chunk in chunks:
                        for event in feed.receive(chunk):
                            yield event
                            if until is not None and until(event):
                                return
                        if feed.is_over():
                            return
                feed.ended()
            except httpx2.TransportError as error:
                require_time(deadline)
                feed.failed(unanswered(self.access.url(path), error))
            except (ApiError, ConnectionFailed) as error:
                if is_final(error):
                    raise
                feed.failed(error)
                wait = getattr(error, "retry_after", None)
            require_time(deadline)
            if not feed.is_over():
                time.sleep(feed.delay(wait))

    @contextlib.contextmanager
    def _open(
        self, path: str, feed: Feed, deadline: float | None
    ) -> Iterator[Iterator[bytes]]:
        query, headers = feed.position()
        call = Call("GET", path, query, headers=headers)
        with self._http.stream(
            "GET",
            self.access.url(path),
            params=call.parameters() or None,
            headers={**self.access.headers, **call.own_headers()},
            timeout=httpx2.Timeout(self.timeout, read=STREAM_READ_SECONDS),
        ) as answer:
            if answer.status_code >= 300:
                answer.read()
                raise refusal(answer)
            with cut_at(deadline, answer):
                yield answer.iter_bytes()


def is_final(error: ApiError | ConnectionFailed) -> bool:
    """Say whether trying again would bring the same."""
    return isinstance(error, ApiError) and error.status not in RETRIED_STATUSES


def require_time(deadline: float | None) -> None:
    """Go on while there is time left.

    Raises:
        WaitTimedOut: there is none.
    """
    if deadline is not None and time.monotonic() >= deadline:
        raise WaitTimedOut("this did not end within the time given; it goes on")


def unanswered(url: str, error: Exception) -> ConnectionFailed:
    """Return the error for a request that got no answer."""
    said = str(error) or type(error).__name__
    return ConnectionFailed(f"no answer from {url}: {said}")


def refusal(answer: httpx2.Response) -> ApiError:
    """Return the error that an answer stands for; its body is read."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return api_error(answer.status_code, headers, answer.content, now=time.time())


@contextlib.contextmanager
def cut_at(deadline: float | None, answer: httpx2.Response) -> Iterator[None]:
    """Cut an open answer off at an instant, however long its server is silent."""
    connection = answer.extensions.get("network_stream")
    socket = connection.get_extra_info("socket") if connection is not None else None
    if deadline is None or socket is None:
        yield
        return
    left = max(0.0, deadline - time.monotonic())
    timer = threading.Timer(left, _hang_up, [socket])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(socket: Any) -> None:
    with contextlib.suppress(OSError):
        socket.shutdown(2)
