"""The span of a request to us: of every route but those that ask how we are."""

from typing import Final

from django.conf import settings

from apps.kernel import tracing
from apps.kernel.log_context import facts_of_path

_UNSEEN: Final = ("/healthz", "/readyz", "/metrics")
_BROKEN_FROM: Final = 500


def begin_request(
    method: str, path: str, *, traceparent: str | None, request_id: str
) -> tracing.Span:
    """Begin the span of a request, under what its caller says. What the path names is
    noted, not the path: some hold a key."""
    unseen = path in _UNSEEN or path.startswith(settings.STATIC_URL)
    if unseen or not tracing.is_on():
        return tracing.NO_SPAN
    named = {f"mobius.{name}": value for name, value in facts_of_path(path).items()}
    return tracing.begin(
        method,
        parent=tracing.received(traceparent),
        kind=tracing.Kind.SERVER,
        facts={
            "http.request.method": method,
            "mobius.request_id": request_id,
            **named,
        },
    )


def note_answer(span: tracing.Span, method: str, route: str, status: int) -> None:
    """Note where a request came to and what it was answered."""
    span.rename(f"{method} {route}")
    span.note({"http.route": route, "http.response.status_code": status})
    if status >= _BROKEN_FROM:
        span.fail(str(status))
