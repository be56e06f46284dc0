"""The client for programs on asyncio: ``Client`` with ``await`` and ``async for``."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from mobius.sdk.calls import Call, Exchange, Json, decode, delay_before
from mobius.sdk.client import (
    STREAM_READ_SECONDS,
    is_final,
    refusal,
    require_time,
    unanswered,
)
from mobius.sdk.configuration import Access, read_access
from mobius.sdk.errors import ApiError, ConnectionFailed
from mobius.sdk.resources.automations import AsyncAutomations
from mobius.sdk.resources.events import AsyncEvents
from mobius.sdk.resources.interactions import AsyncInteractions
from mobius.sdk.resources.loops import AsyncLoops
from mobius.sdk.resources.runs import AsyncRuns
from mobius.sdk.resources.webhooks import AsyncWebhooks
from mobius.sdk.resources.workers import AsyncWorkers
from mobius.sdk.resources.workflows import AsyncWorkflows
from mobius.sdk.streams import Feed, StreamEvent

Result = TypeVar("Result")


class AsyncClient:
    """Calls one server with one key in one project, on one event loop. Arguments,
    retries and errors are those of ``Client``."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        *,
        timeout: float = 60,
        retries: int = 3,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.access: Access = read_access(base_url, api_key, project)
        self.timeout = timeout
        self.retries = retries
        self._http = httpx2.AsyncClient(timeout=timeout, transport=transport)
        self.workflows = AsyncWorkflows(self)
        self.automations = AsyncAutomations(self)
        self.loops = AsyncLoops(self)
        self.runs = AsyncRuns(self)
        self.interactions = AsyncInteractions(self)
        self.events = AsyncEvents(self)
        self.workers = AsyncWorkers(self)
        self.webhooks = AsyncWebhooks(self)

    @property
    def base_url(self) -> str:
        """Where the server is, without a slash at the end."""
        return self.access.base_url

    @property
    def project(self) -> str:
        """The handle or id of the project; empty when none is known."""
        return self.access.project

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request; see ``Client.request``."""
        call = Call(method, path, query, body, idempotency_key, headers)
        return await self.send(call)

    async def send(self, call: Call) -> Any:
        """Send a call as ``request`` does."""
        retry = 0
        while True:
            try:
                return await self._send_once(call)
            except (ApiError, ConnectionFailed) as error:
                retry += 1
                if retry > self.retries or not call.may_repeat or is_final(error):
                    raise
                wait = delay_before(retry, getattr(error, "retry_after", None))
                await asyncio.sleep(wait)

    async def _send_once(self, call: Call) -> Any:
        url = self.access.url(call.path)
        try:
            answer = await self._http.request(
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

    async def carry_out(self, exchange: Exchange[Result]) -> Result:
        """Run an exchange to its end and return what comes of it."""
        try:
            call = next(exchange)
            while True:
                try:
                    answer = await self.send(call)
                except Exception as error:
                    call = exchange.throw(error)
                else:
                    call = exchange.send(answer)
        except StopIteration as done:
            result: Result = done.value
            return result

    async def pages(
        self, path: str, query: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Json]:
        """Yield every item of a list; see ``Client.pages``."""
        asked = dict(query or {})
        while True:
            page = await self.request("GET", path, query=asked)
            for item in page["items"]:
                yield item
            if not page.get("has_more") or not page.get("next_cursor"):
                return
            asked["cursor"] = page["next_cursor"]

    async def stream(
        self,
        path: str,
        *,
        after: int | None = None,
        until: Callable[[StreamEvent], bool] | None = None,
        deadline: float | None = None,
    ) -> AsyncIterator[StreamEvent]:
        """Yield the events of a stream as they come; see ``Client.stream``."""
        feed = Feed(after)
        while not feed.is_over():
            wait: float | None = None
            try:
                async with self._open(path, feed) as chunks:
                    async for chunk in _before(deadline, chunks):
                        for event in feed.receive(chunk):
                            yield event
                            if until is not None and until(event):
                                return
                        if feed.is_over():
                            return
                feed.ended()
            except httpx2.TransportError as error:
                feed.failed(unanswered(self.access.url(path), error))
            except (ApiError, ConnectionFailed) as error:
                if is_final(error):
                    raise
                feed.failed(error)
                wait = getattr(error, "retry_after", None)
            require_time(deadline)
            if not feed.is_over():
                await asyncio.sleep(feed.delay(wait))

    @contextlib.asynccontextmanager
    async def _open(self, path: str, feed: Feed) -> AsyncIterator[AsyncIterator[bytes]]:
        query, headers = feed.position()
        call = Call("GET", path, query, headers=headers)
        async with self._http.stream(
            "GET",
            self.access.url(path),
            params=call.parameters() or None,
            headers={**self.access.headers, **call.own_headers()},
            timeout=httpx2.Timeout(self.timeout, read=STREAM_READ_SECONDS),
        ) as answer:
            if answer.status_code >= 300:
                await answer.aread()
                raise refusal(answer)
            yield answer.aiter_bytes()


async def _before(
    deadline: float | None, chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """Yield chunks until an instant, however long none comes.

    Raises:
        WaitTimedOut: the instant has come.
    """
    source = aiter(chunks)
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            async with asyncio.timeout(left):
                chunk = await anext(source)
        except StopAsyncIteration:
            return
        except TimeoutError:
            require_time(deadline)
            raise
        yield chunk
