"""Server-sent events: what every stream writes, and where a reader left off."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from apps.api.body import INT64_MAX, invalid_field
from apps.realtime.held import Request

KEEP_ALIVE: Final = b": keep-alive\n\n"
OPENED: Final = b": open\n\n"
#: Frames are written together up to about this many bytes.
CHUNK_BYTES: Final = 32 * 1024

STREAM_HEADERS: Final[Mapping[str, str]] = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}

_LAST_EVENT_ID = "last-event-id"


def in_chunks(bodies: Iterable[bytes]) -> Iterator[bytes]:
    """Join frames into chunks that are worth a write and fit a socket's buffer."""
    held: list[bytes] = []
    size = 0
    for body in bodies:
        held.append(body)
        size += len(body)
        if size >= CHUNK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def furthest(
    request: Request,
    names: Sequence[str],
    read: Callable[[str, str], Any],
    *,
    from_zero: Collection[str] = (),
) -> Any:
    """Return the furthest place that the client names, in a parameter called one of
    ``names`` or in ``Last-Event-ID``; None if it names none. A 0 names a place only in
    the parameters ``from_zero``.

    Raises:
        Invalid: a place cannot be read; names the parameter or header.
    """
    sent = [(name, request.query[name]) for name in names if name in request.query]
    if request.headers.get(_LAST_EVENT_ID):
        sent.append(("Last-Event-ID", request.headers[_LAST_EVENT_ID]))
    places = [
        read(name, value)
        for name, value in sent
        if value.strip("0 ") or (name in from_zero and value.strip())
    ]
    return max(places, default=None)


def read_number(name: str, value: str) -> int:
    """Return the number of an event.

    Raises:
        Invalid: it is not a whole number from 0.
    """
    number = whole_number(value)
    if number is None:
        raise invalid_field(name, "expected a whole number, the seq of a frame")
    return number


def whole_number(text: str) -> int | None:
    """Return a number that the database can hold, if the text is one."""
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 19):
        return None
    return min(int(plain), INT64_MAX)
