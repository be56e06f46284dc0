"""A run's events as clients of the catalog read them: a list, and a stream."""

from typing import Any

from tests.support.remote import Remote
from tests.support.sse import EventStream, SseFrame

Json = dict[str, Any]


def listed(reader: Remote, run: str, query: str = "") -> list[Json]:
    """The run's events as JSON."""
    path = f"runs/{run}/events?limit=200{query}"
    page = reader.call("GET", path, headers={"Accept": "application/json"})
    assert page.status == 200, page.body
    return list(page.body["items"])


def streamed(
    reader: Remote, run: str, *, route: str = "events.stream", **options: Any
) -> list[SseFrame]:
    """The run's events as a stream, read until the server ends it."""
    url = reader.url(f"runs/{run}/{route}")
    if route == "events":
        options["accept"] = "text/event-stream"
    with EventStream(url, reader.api_key, **options) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        return stream.rest()
