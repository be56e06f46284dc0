"""Words for the interactive reference: what each endpoint takes, answers and refuses.

Each app declares its own in ``reference.py`` beside its views, as a ``Part``. Path,
method, permission, path parameters, paging, the headers that every answer has and the
refusals that every endpoint knows are filled in by ``apps.reference``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.api.schemas import Schema, page_of, ref, text

#: Media types of answers.
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

#: A view and its action; or what serves a route that is no view.
ActionKey = tuple[type, str]
Server = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers when it does what it was asked.

    ``schema`` is None for an answer without a body. ``also`` are further media types
    of the same answer. ``frames`` is what the data of each event of a stream,
    or each frame of a socket, is.
    """

    about: str
    schema: Schema | None = None
    media: str = JSON
    example: Any = None
    also: Mapping[str, Schema] = field(default_factory=dict)
    frames: Schema | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an endpoint may refuse: a status, a stable code, and when."""

    status: int
    code: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One endpoint.

    ``query`` and ``headers`` are optional parameters by name. ``once`` says that it
    takes an Idempotency-Key. ``aliases`` are the ids of the same endpoint at further
    paths, in the order of the URLs. A body that is not ``needs_body`` may be left out.
    """

    id: str
    summary: str
    answers: Mapping[int, Answer]
    about: str = ""
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    needs_body: bool = True
    body_media: str = JSON
    refusals: tuple[Refusal, ...] = ()
    once: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """An endpoint that the ASGI application holds itself, and whom it lets in."""

    permission: str
    operation: Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chapter of the reference.

    ``held`` are the handlers of held routes, ``open`` plain views that need no key.
    ``places`` describe the parameters of paths, ``schemas`` what stands in bodies.
    """

    title: str
    about: str
    operations: Mapping[ActionKey, Operation] = field(default_factory=dict)
    held: Mapping[Server, Held] = field(default_factory=dict)
    open: Mapping[Server, Operation] = field(default_factory=dict)
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    places: Mapping[str, Schema] = field(default_factory=dict)


def shown(name: str, about: str, status: int = 200) -> Mapping[int, Answer]:
    """Return the answer that shows one object."""
    return {status: Answer(about, ref(name))}


def paged(name: str, about: str = "A page, newest first.") -> Mapping[int, Answer]:
    """Return the answer that is one page of a list."""
    return {200: Answer(about, page_of(name))}


def nothing(about: str) -> Mapping[int, Answer]:
    """Return the answer without a body."""
    return {204: Answer(about)}


def place(about: str, example: str) -> Schema:
    """Return a parameter of a path."""
    return text(about, example, pattern="^[^/]+$", minLength=1)


def invalid(when: str, code: str = "bad_request") -> Refusal:
    """400: it can never succeed as written."""
    return Refusal(400, code, when)


def unauthenticated(when: str, code: str = "unauthorized") -> Refusal:
    """401: who sent it cannot be told."""
    return Refusal(401, code, when)


def denied(when: str, code: str = "permission_denied") -> Refusal:
    """403: this caller may not."""
    return Refusal(403, code, when)


def missing(when: str) -> Refusal:
    """404: there is no such thing."""
    return Refusal(404, "not_found", when)


def conflict(when: str, code: str = "conflict") -> Refusal:
    """409: the wrong moment."""
    return Refusal(409, code, when)


def too_large(when: str) -> Refusal:
    """413: more bytes than are taken."""
    return Refusal(413, "payload_too_large", when)


def unavailable(when: str) -> Refusal:
    """503: something does not answer."""
    return Refusal(503, "service_unavailable", when)
