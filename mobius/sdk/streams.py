"""Server-sent events without a connection: read, put in order, resumed.

``Feed`` is told what came and says what is new, where to go on from, and when to stop
trying. The clients move the bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mobius.sdk.calls import delay_before
from mobius.sdk.errors import ConnectionFailed

FINISHED: Final = ("completed", "failed", "cancelled")
#: Connections in a row that may fail before a stream gives up.
FAILURES_MAX: Final = 10
RECONNECT_SECONDS_MAX: Final = 10.0

_OURS: Final = ("run_updated", "job_updated", "action_appended")
_TERMINAL: Final = tuple(f"run.{status}" for status in FINISHED)
_RESERVED: Final = ("run.", "step.", "wait.", "interaction.", "usage.", "limit.")


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One line of a timeline, in the same words for every kind of run.

    ``type`` is its name in the event catalogue (``run.started``, ``action.called``), or
    what a worker called it; ``run_updated`` for the summary with which the stream of a
    workflow's run begins. ``seq`` counts from 1 in the run. ``data`` is its payload.
    ``id`` is what to resume from, empty for the summary. ``status`` is the run's status
    after it where the line says so. ``raw`` is everything as it was sent.
    """

    type: str
    seq: int
    data: Mapping[str, Any]
    id: str
    run_id: str
    timestamp: str
    status: str
    raw: Mapping[str, Any]

    @property
    def is_end(self) -> bool:
        """Say whether it is the line that ends the run."""
        return self.type in _TERMINAL


def read_event(body: Mapping[str, Any], id_: str = "") -> StreamEvent:
    """Return the event behind a frame, or behind an item of a list of events."""
    if "event_type" in body:
        type_, seq = str(body["event_type"]), body.get("sequence", 0)
        data, at = body.get("payload") or {}, body.get("created_at", "")
        status = data.get("status", "") if type_ in _TERMINAL else ""
    else:
        sent, seq = str(body.get("type", "")), body.get("seq", 0)
        data, at = body.get("data") or {}, body.get("timestamp", "")
        type_ = str(data.get("event") or sent) if sent in _OURS else _foreign(sent)
        status = data.get("status", "") if sent == "run_updated" else ""
    run_id = str(body.get("run_id", ""))
    return StreamEvent(
        type_, int(seq), data, id_ or str(seq), run_id, str(at), str(status), body
    )


def _foreign(sent: str) -> str:
    """A worker's event must not pass for one of the system's."""
    return f"worker.{sent}" if sent.startswith(_RESERVED) else sent


class FrameReader:
    """Cuts bytes into frames: the id, if there is one, and the decoded data."""

    def __init__(self) -> None:
        self._rest = b""
        self._id = ""
        self._data: list[str] = []
        self.comments = 0

    def feed(self, chunk: bytes) -> list[tuple[str, Any]]:
        """Return the frames that this chunk completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        frames = []
        for line in lines:
            text = line.rstrip(b"\r").decode(errors="replace")
            if not text:
                if self._data:
                    frames.append((self._id, self._decoded()))
                self._id, self._data = "", []
            elif text.startswith(":"):
                self.comments += 1
            else:
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if name == "data":
                    self._data.append(value)
                elif name == "id":
                    self._id = value
        return frames

    def _decoded(self) -> Any:
        try:
            return json.loads("\n".join(self._data))
        except ValueError as error:
            raise ConnectionFailed("the stream sent something else than JSON") from (
                error
            )


class Feed:
    """One stream over as many connections as it takes: every line once, in order."""

    def __init__(self, after: int | None) -> None:
        self._after = after
        self._last_id = ""
        self._reader = FrameReader()
        self._failures = 0
        self._empty = 0
        self._brought = False
        self._seeded = after is not None
        self._over = False

    def is_over(self) -> bool:
        """Say whether the end was seen, or the server has nothing more to send."""
        return self._over

    def position(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the query and the headers that name where to go on; a new connection
        begins."""
        self._reader = FrameReader()
        self._brought = False
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self._last_id:
            return {}, {**headers, "Last-Event-ID": self._last_id}
        return {"after_sequence": self._after}, headers

    def receive(self, chunk: bytes) -> list[StreamEvent]:
        """Return what is new in a chunk."""
        new = []
        for id_, body in self._reader.feed(chunk):
            if isinstance(body, dict):
                event = self._take(read_event(body, id_), has_id=bool(id_))
                if event is not None:
                    new.append(event)
        if new or self._reader.comments > 1:
            self._brought = True
            self._failures = self._empty = 0
        return new

    def _take(self, event: StreamEvent, *, has_id: bool) -> StreamEvent | None:
        if not has_id:
            return self._take_summary(event)
        if self._last_id and not _is_later(event.id, self._last_id):
            return None
        self._last_id = event.id
        # Streams of a project go on for ever; their ids are no plain numbers.
        self._over = self._over or (event.is_end and event.id.isdigit())
        return event

    def _take_summary(self, event: StreamEvent) -> StreamEvent | None:
        """It says where the run stands; it is told once, and only to who did not say
        where to begin."""
        known = int(self._last_id) if self._last_id.isdigit() else self._after
        if event.status in FINISHED and (known is None or known >= event.seq):
            self._over = True
        if self._seeded:
            return None
        self._seeded = True
        self._after = event.seq
        return replace(event, id="")

    def ended(self) -> None:
        """The server ended the connection in good order."""
        if not self._brought:
            self._empty += 1
        # Twice nothing at all, not even a keep-alive: there is nothing more to come.
        self._over = self._over or self._empty > 1

    def failed(self, error: Exception) -> None:
        """The connection could not be made, or was lost.

        Raises:
            Exception: the error, when there were too many in a row.
        """
        self._failures += 1
        if self._failures > FAILURES_MAX:
            raise error

    def delay(self, retry_after: float | None = None) -> float:
        """Return the seconds to wait before the next connection."""
        tries = max(self._failures, self._empty)
        if not tries:
            return 0.0
        wanted = delay_before(tries, retry_after)
        return wanted if retry_after is not None else min(wanted, RECONNECT_SECONDS_MAX)


def _is_later(id_: str, than: str) -> bool:
    return _place(id_) > _place(than)


def _place(id_: str) -> tuple[int, ...]:
    numbers = tuple(int(one) for one in id_.split(".") if one.isdigit())
    return numbers or (0,)
