"""The span of a request of ours to somebody else. It says where to and not what for:
paths and queries of others hold keys."""

from collections.abc import Mapping

import httpx2

from apps.kernel import tracing

_FAILED_FROM = 400
_PORTS = {"http": 80, "https": 443}
_HEADER = "traceparent"


def begin_request(method: str, url: httpx2.URL) -> tracing.Span:
    """Begin the span of a request to a URL that was checked."""
    if not tracing.is_on():
        return tracing.NO_SPAN
    facts: tracing.Facts = {
        "http.request.method": method,
        "server.address": url.raw_host.decode(),
        "server.port": url.port or _PORTS[url.scheme],
        "url.scheme": url.scheme,
    }
    return tracing.begin(method, kind=tracing.Kind.CLIENT, facts=facts)


def told_of(span: tracing.Span, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the header that names the span; none where somebody wrote one."""
    written = any(name.lower() == _HEADER for name in headers)
    if span.traceparent is None or written:
        return {}
    return {_HEADER: span.traceparent}


def note_status(span: tracing.Span, status: int) -> None:
    """Note what was answered."""
    span.note({"http.response.status_code": status})
    if status >= _FAILED_FROM:
        span.fail(str(status))
