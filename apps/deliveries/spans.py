"""The span of a request of ours to somebody else. It says where to and not what for:
paths and queries of others hold keys."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Final, Protocol, TypeVar

from apps.kernel import tracing

_FAILED_FROM: Final = 400
_PORTS: Final = {"http": 80, "https": 443}
_HEADER: Final = "traceparent"


class Url(Protocol):
    """What is told of where a request goes."""

    @property
    def scheme(self) -> str: ...
    @property
    def raw_host(self) -> bytes: ...
    @property
    def port(self) -> int | None: ...


class _Answered(Protocol):
    @property
    def status(self) -> int: ...


_Answer = TypeVar("_Answer", bound=_Answered)
_Url = TypeVar("_Url", bound=Url)
_Exchange = Callable[[str, _Url, bytes, Mapping[str, str], int], Awaitable[_Answer]]


def in_span(exchange: "_Exchange[_Url, _Answer]") -> "_Exchange[_Url, _Answer]":
    """Have each request be a span, which its headers name; a ``traceparent`` that
    somebody wrote into them stays."""

    @wraps(exchange)
    async def traced(
        method: str,
        url: _Url,
        body: bytes,
        headers: Mapping[str, str],
        bytes_max: int,
    ) -> _Answer:
        if not tracing.is_on():
            return await exchange(method, url, body, headers, bytes_max)
        with tracing.begin(
            method, kind=tracing.Kind.CLIENT, facts=_facts(method, url)
        ) as span:
            told = dict(headers)
            if span.traceparent and _HEADER not in map(str.lower, headers):
                told[_HEADER] = span.traceparent
            answer = await exchange(method, url, body, told, bytes_max)
            span.note({"http.response.status_code": answer.status})
            if answer.status >= _FAILED_FROM:
                span.fail(str(answer.status))
            return answer

    return traced


def _facts(method: str, url: Url) -> tracing.Facts:
    return {
        "http.request.method": method,
        "server.address": url.raw_host.decode(),
        "server.port": url.port or _PORTS[url.scheme],
        "url.scheme": url.scheme,
    }
