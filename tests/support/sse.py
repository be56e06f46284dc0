"""A client of server-sent events that reads with a deadline."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class SseFrame:
    """One event as it came: its id, its name, its JSON."""

    id: str | None
    event: str
    data: dict[str, Any]

    @property
    def type(self) -> str:
        """The frame's own type."""
        return str(self.data["type"])

    @property
    def seq(self) -> int:
        """The frame's number."""
        return int(self.data["seq"])

    @property
    def line(self) -> str:
        """The type of the stored line behind the frame; ``seed`` for the seed."""
        fallback = "seed" if self.id is None else self.type
        return str(self.data["data"].get("event", fallback))


class EventStream:
    """An open stream; a context manager. A reading later than its deadline fails."""

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        last_event_id: str | None = None,
        accept: str | None = None,
        **query: object,
    ) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=15
        )
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        if accept is not None:
            headers["Accept"] = accept
        path = f"{parts.path}?{urlencode(query)}" if query else parts.path
        self._connection.request("GET", path, headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.comments: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._response.close()
        self._connection.close()

    def json(self) -> Any:
        """Return the body of an answer that is not a stream."""
        return json.loads(self._response.read())

    def next(self, *, seconds: float = 15) -> SseFrame | None:
        """Return the next frame; None when the server has ended the stream."""
        fields: dict[str, str] = {}
        deadline = time.monotonic() + seconds
        while True:
            line = self._line(deadline)
            if line is None:
                return None
            if line == "" and "data" in fields:
                data = json.loads(fields["data"])
                return SseFrame(fields.get("id"), fields.get("event", ""), data)
            if line.startswith(":"):
                self.comments.append(line[1:].strip())
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value

    def until(
        self, wanted: Callable[[SseFrame], bool], *, seconds: float = 15
    ) -> list[SseFrame]:
        """Return the frames up to and with the first that is ``wanted``."""
        frames: list[SseFrame] = []
        deadline = time.monotonic() + seconds
        while not frames or not wanted(frames[-1]):
            frame = self.next(seconds=deadline - time.monotonic())
            assert frame is not None, f"ended after {[f.line for f in frames]}"
            frames.append(frame)
        return frames

    def take(self, count: int, *, seconds: float = 15) -> list[SseFrame]:
        """Return the next ``count`` frames."""
        deadline = time.monotonic() + seconds
        frames: list[SseFrame] = []
        for _ in range(count):
            frame = self.next(seconds=deadline - time.monotonic())
            assert frame is not None, f"ended after {[f.line for f in frames]}"
            frames.append(frame)
        return frames

    def rest(self, *, seconds: float = 15) -> list[SseFrame]:
        """Return all frames until the server ends the stream."""
        frames: list[SseFrame] = []
        deadline = time.monotonic() + seconds
        while (frame := self.next(seconds=deadline - time.monotonic())) is not None:
            frames.append(frame)
        return frames

    def await_comment(self, text: str, *, seconds: float = 15) -> None:
        """Read on until this comment has come. Frames before it are not expected."""
        deadline = time.monotonic() + seconds
        while text not in self.comments:
            line = self._line(deadline)
            assert line is not None, "the stream ended"
            assert line == "" or line.startswith(":"), f"not a comment: {line}"
            if line:
                self.comments.append(line[1:].strip())

    def _line(self, deadline: float) -> str | None:
        left = deadline - time.monotonic()
        assert left > 0, "nothing came in time"
        if self._connection.sock is not None:
            self._connection.sock.settimeout(left)
        raw = self._response.readline()
        return raw.decode().rstrip("\n") if raw else None
