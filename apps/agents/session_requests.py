"""Reading sessions and messages from requests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from apps.agents.frames import PREVIEWS
from apps.agents.models import MessageRole, SessionStatus
from apps.agents.requests import NAME_CHARS_MAX, read_metadata
from apps.agents.selectors import SessionFilters
from apps.agents.services.append_messages import NewMessage
from apps.agents.services.open_session import Mode, NewSession
from apps.agents.services.update_session import SessionChanges
from apps.api.body import INT64_MAX, Body, invalid_field
from apps.api.pagination import decode_cursor, read_limit
from apps.api.rendering import to_json
from apps.kernel.errors import TooLarge
from apps.realtime.sse import whole_number

TITLE_CHARS_MAX: Final = 255
KEY_CHARS_MAX: Final = 255
MESSAGES_MAX: Final = 100
PARTS_MAX: Final = 200
PART_TYPE_CHARS_MAX: Final = 64
#: The content of one message, as JSON; and of all messages of a request.
CONTENT_BYTES_MAX: Final = 256 * 1024
REQUEST_CONTENT_BYTES_MAX: Final = 1024 * 1024
PREVIEW_BYTES_MAX: Final = 16 * 1024


class NewMessages(NamedTuple):
    """Messages to append, and the run for which, if any."""

    messages: Sequence[NewMessage]
    run_id: str


class Preview(NamedTuple):
    """Something to show and not to store."""

    event: str
    data: Mapping[str, Any]


class Bounds(NamedTuple):
    """Which messages of a session a list shows."""

    after: int
    before: int
    newest_first: bool
    limit: int


def read_new_session(data: object) -> NewSession:
    """Return a session to open or to find.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    mode = Mode(body.text("mode", default=Mode.NEW, choices=list(Mode)))
    new = NewSession(
        agent_id=body.text("agent_id", max_length=64),
        mode=mode,
        session_key=body.text("session_key", default="", max_length=KEY_CHARS_MAX),
        title=_title(body, default=""),
        metadata=read_metadata(body, default={}),
    )
    if mode != Mode.NEW and not new.session_key:
        body.problem("session_key", f"is required with the mode {mode}")
    body.finish()
    return new


def read_session_changes(data: object) -> SessionChanges:
    """Return changes of a session.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = SessionChanges(
        title=_title(body, default=None),
        status=body.text("status", default=None, choices=SessionStatus.values),
        metadata=read_metadata(body, default=None),
    )
    body.finish()
    return changes


def read_session_filters(
    query: Mapping[str, Any], *, of_agent: str = ""
) -> SessionFilters:
    """Return the filters of the list; that of one agent's sessions names no other.

    Raises:
        Invalid: names every filter that is wrong.
    """
    names = ["session_key", "status", "since"]
    if not of_agent:
        names += ["agent_id", "agent_name"]
    body = Body({name: query[name] for name in names if query.get(name)})
    filters = SessionFilters(
        agent_id=of_agent or body.text("agent_id", default="", max_length=64),
        agent_name=body.text("agent_name", default="", max_length=NAME_CHARS_MAX),
        session_key=body.text("session_key", default="", max_length=KEY_CHARS_MAX),
        status=body.text("status", default="", choices=SessionStatus.values),
        since=body.moment("since", default=None),
    )
    body.finish()
    return filters


def read_new_messages(data: object) -> NewMessages:
    """Return messages to append; one bad message refuses all.

    Raises:
        Invalid: names every field that is wrong, as ``messages[3].role``.
        TooLarge: one content, or all of them together, are over the limit.
    """
    body = Body(data)
    items = body.listing("messages", min_items=1, max_items=MESSAGES_MAX) or []
    run_id = body.text("run_id", default="", max_length=64)
    messages, sizes = [], []
    for index, item in enumerate(items[:MESSAGES_MAX]):
        path = f"messages[{index}]"
        if not isinstance(item, Mapping):
            body.problem(path, "expected an object")
            continue
        inner = Body(item, path)
        content = _content(inner)
        role = inner.text("role", choices=MessageRole.values)
        messages.append(NewMessage(role, content, read_metadata(inner, default={})))
        sizes.append((f"{path}.content", len(to_json(content))))
        body.adopt(inner)
    body.finish()
    for path, size in sizes:
        _check_size(path, size, CONTENT_BYTES_MAX)
    total = sum(size for _, size in sizes)
    _check_size("all contents together", total, REQUEST_CONTENT_BYTES_MAX)
    return NewMessages(messages, run_id)


def read_preview(data: object) -> Preview:
    """Return something to show live.

    Raises:
        Invalid: names every field that is wrong.
        TooLarge: ``data`` is over the limit.
    """
    body = Body(data)
    preview = Preview(
        event=body.text("type", default=PREVIEWS[0], choices=PREVIEWS),
        data=body.mapping("data"),
    )
    body.finish()
    _check_size("data", len(to_json(preview.data)), PREVIEW_BYTES_MAX)
    return preview


def read_bounds(query: Mapping[str, Any]) -> Bounds:
    """Return which messages to list.

    Raises:
        Invalid: names the parameter that is wrong.
    """
    names = ("after_sequence", "before_sequence", "order")
    body = Body({name: query[name] for name in names if query.get(name)})
    order = body.text("order", default="asc", choices=["asc", "desc"])
    after = _number(body, "after_sequence", default=0)
    before = _number(body, "before_sequence", default=INT64_MAX)
    body.finish()
    newest_first = order == "desc"
    if cursor := query.get("cursor"):
        (place,) = decode_cursor(str(cursor), 1)
        if not isinstance(place, int) or not 0 <= place <= INT64_MAX:
            raise invalid_field("cursor", "expected a next_cursor")
        after = after if newest_first else max(after, place)
        before = min(before, place) if newest_first else before
    return Bounds(after, before, newest_first, limit=read_limit(query))


def _number(body: Body, field: str, *, default: int) -> int:
    text = body.text(field, default="")
    number = whole_number(text) if text else default
    if number is None:
        body.problem(field, "expected a whole number, the sequence of a message")
        return default
    return number


def _title(body: Body, *, default: Any) -> Any:
    return body.text("title", default=default, min_length=0, max_length=TITLE_CHARS_MAX)


def _content(body: Body) -> Sequence[Mapping[str, Any]]:
    """Return a content as a list of parts; a text is one part."""
    found = body.value("content")
    if isinstance(found, str):
        parts: Any = [{"type": "text", "text": found}]
        if not found:
            body.problem("content", "expected at least one character")
    elif isinstance(found, list):
        parts = _parts(body, found)
    else:
        parts = []
        if found is not None:
            body.problem("content", "expected a text, or a list of objects with a type")
    if b"\\u0000" in to_json(parts):
        body.problem("content", "must not contain the character NUL")
    return list(parts)


def _parts(body: Body, found: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    if not 1 <= len(found) <= PARTS_MAX:
        body.problem("content", f"expected 1 to {PARTS_MAX} parts")
    for index, part in enumerate(found[:PARTS_MAX]):
        type_ = part.get("type") if isinstance(part, Mapping) else None
        path = f"content[{index}]"
        if not isinstance(part, Mapping):
            body.problem(path, "expected an object")
        elif not isinstance(type_, str) or not 0 < len(type_) <= PART_TYPE_CHARS_MAX:
            body.problem(
                f"{path}.type", f"expected a string of 1 to {PART_TYPE_CHARS_MAX}"
            )
        elif type_ == "text" and not isinstance(part.get("text"), str):
            body.problem(f"{path}.text", "expected a string")
    return found


def _check_size(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(
            f"{what}: {size} bytes as JSON; the limit is {limit}",
            limit=limit,
            size=size,
        )
