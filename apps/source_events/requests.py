"""Reading source events and filters from requests."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.body import Body
from apps.api.rendering import to_json
from apps.kernel.errors import TooLarge
from apps.source_events.catalog import CUSTOM_PREFIX, check_wait_type
from apps.source_events.selectors import Filters
from apps.source_events.services.publish import NewEvent

#: ``event`` and ``meta`` of one event together, as JSON.
BYTES_MAX: Final = 256 * 1024
#: The same of all events of a batch.
BATCH_BYTES_MAX: Final = 1024 * 1024
BATCH_MAX: Final = 500
KIND_PATTERN: Final = r"[a-z0-9][a-z0-9_-]*"


def read_new_event(data: object) -> NewEvent:
    """Return a custom event to publish.

    Raises:
        Invalid: names every field that is wrong.
        TooLarge: ``event`` and ``meta`` are over the limit.
    """
    body = Body(data)
    new, size = _read_new_event(body, "")
    body.finish()
    _check_size("event and meta", size, BYTES_MAX)
    return new


def read_new_events(data: object) -> list[NewEvent]:
    """Return a batch of custom events to publish; one bad event refuses all.

    Raises:
        Invalid: names every field that is wrong, as ``events[17].event_type``.
        TooLarge: one event, or all of them together, are over the limit.
    """
    body = Body(data)
    items = body.listing("events", min_items=1, max_items=BATCH_MAX) or []
    events, sizes = [], []
    for index, item in enumerate(items[:BATCH_MAX]):
        path = f"events[{index}]"
        if not isinstance(item, Mapping):
            body.problem(path, "expected an object")
            continue
        inner = Body(item, path)
        new, size = _read_new_event(inner, path)
        body.adopt(inner)
        events.append(new)
        sizes.append(size)
    body.finish()
    for new, size in zip(events, sizes, strict=True):
        _check_size(f"{new.path}: event and meta", size, BYTES_MAX)
    _check_size("event and meta of all events", sum(sizes), BATCH_BYTES_MAX)
    return events


def _read_new_event(body: Body, path: str) -> tuple[NewEvent, int]:
    """Return an event, and the size of ``event`` and ``meta``; note what is wrong."""
    new = NewEvent(
        event_type=body.text("event_type", max_length=128),
        source_kind=body.text(
            "source_kind", default="custom", max_length=32, pattern=KIND_PATTERN
        ),
        source_id=body.text("source_id", default="", min_length=0, max_length=128),
        event=body.mapping("event", default={}),
        meta=body.mapping("meta", default={}),
        dedup_key=body.text("dedup_key", default="", max_length=255),
        run_id=body.text("run_id", default="", max_length=64),
        path=path,
    )
    if new.event_type:
        _check_type(body, new.event_type)
    if new.meta.get("event_type", new.event_type) != new.event_type:
        body.problem("meta.event_type", "is the event's own type; leave it out")
    encoded = {name: to_json(getattr(new, name)) for name in ("event", "meta")}
    for name, value in encoded.items():
        if b"\\u0000" in value:
            body.problem(name, "must not contain the character NUL")
    return new, sum(len(value) for value in encoded.values())


def _check_size(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(
            f"{what} are {size} bytes; the limit is {limit}", limit=limit, size=size
        )


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
