"""Reading source events and filters from requests."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.body import Body
from apps.api.rendering import to_json
from apps.kernel.errors import TooLarge
from apps.source_events.catalog import CUSTOM_PREFIX, check_wait_type
from apps.source_events.selectors import Filters
from apps.source_events.services.publish import NewEvent

#: ``event`` and ``meta`` together, as JSON.
BYTES_MAX: Final = 256 * 1024
KIND_PATTERN: Final = r"[a-z0-9][a-z0-9_-]*"


def read_new_event(data: object) -> NewEvent:
    """Return a custom event to publish.

    Raises:
        Invalid: names every field that is wrong.
        TooLarge: ``event`` and ``meta`` are over the limit.
    """
    body = Body(data)
    new = NewEvent(
        event_type=body.text("event_type", max_length=128),
        source_kind=body.text(
            "source_kind", default="custom", max_length=32, pattern=KIND_PATTERN
        ),
        source_id=body.text("source_id", default="", min_length=0, max_length=128),
        event=body.mapping("event", default={}),
        meta=body.mapping("meta", default={}),
        dedup_key=body.text("dedup_key", default="", max_length=255),
    )
    if new.event_type:
        _check_type(body, new.event_type)
    if new.meta.get("event_type", new.event_type) != new.event_type:
        body.problem("meta.event_type", "is the event's own type; leave it out")
    encoded = {name: to_json(getattr(new, name)) for name in ("event", "meta")}
    for name, value in encoded.items():
        if b"\\u0000" in value:
            body.problem(name, "must not contain the character NUL")
    body.finish()
    size = sum(len(value) for value in encoded.values())
    if size > BYTES_MAX:
        raise TooLarge(
            f"event and meta are {size} bytes; the limit is {BYTES_MAX}",
            limit=BYTES_MAX,
            size=size,
        )
    return new


def _check_type(body: Body, event_type: str) -> None:
    if not event_type.startswith(CUSTOM_PREFIX):
        body.problem("event_type", f"must begin with {CUSTOM_PREFIX}")
    elif event_type.endswith("*"):
        body.problem("event_type", "expected an exact name")
    elif problem := check_wait_type(event_type):
        body.problem("event_type", problem)


def read_filters(query: Mapping[str, Any]) -> Filters:
    """Return the filters of the list.

    Raises:
        Invalid: names every filter that is wrong.
    """
    names = ("event_type", "source_kind", "source_id", "run_id", "created_after")
    body = Body({name: query[name] for name in names if query.get(name)})
    texts = {name: body.text(name, default="") for name in names[:4]}
    filters = Filters(**texts, created_after=body.moment("created_after", default=None))
    if filters.event_type and (problem := check_wait_type(filters.event_type)):
        body.problem("event_type", problem)
    body.finish()
    return filters
