"""Readers of streams that do not give up: they come back with Last-Event-ID."""

import http.client
import threading
from collections import defaultdict
from typing import Final

from tests.support.remote import FINISHED, Remote
from tests.support.sse import EventStream, SseFrame

KEEP_ALIVE_SECONDS: Final = 1
#: Without a keep-alive or a line for so long, the connection counts as dead.
SILENCE_SECONDS: Final = 2.5
COME_BACK_SECONDS: Final = 0.1
ENDS: Final = frozenset(f"run.{status}" for status in FINISHED)
LOST: Final = (OSError, http.client.HTTPException, AssertionError, ValueError)


class Reader:
    """Follows one address in a thread of its own until told to stop."""

    def __init__(self, remote: Remote, path: str) -> None:
        self._url = remote.url(path)
        self._key = remote.api_key
        self._last: str | None = None
        self.connections = 0
        self.opened = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name=path)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def take(self, frame: SseFrame) -> None:
        """Note one frame; a seed has no id."""
        raise AssertionError("readers say what they take")

    def is_over(self) -> bool:
        """Whether there is nothing more to come."""
        return False

    def _read(self) -> None:
        while not self._stopping.is_set() and not self.is_over():
            try:
                with EventStream(
                    self._url, self._key, last_event_id=self._last
                ) as stream:
                    self._read_stream(stream)
            except LOST:
                self._stopping.wait(COME_BACK_SECONDS)

    def _read_stream(self, stream: EventStream) -> None:
        if stream.status != 200:
            self._stopping.wait(COME_BACK_SECONDS)
            return
        self.connections += 1
        self.opened.set()
        while not self._stopping.is_set() and not self.is_over():
            frame = stream.next(seconds=SILENCE_SECONDS)
            if frame is None:
                return
            self._last = frame.id or self._last
            self.take(frame)


class RunReader(Reader):
    """Follows one run to its end; ``seqs`` are the numbers it was given after
    ``first``, the number of the seed from which it went on."""

    def __init__(self, remote: Remote, run_id: str) -> None:
        super().__init__(remote, f"runs/{run_id}/events")
        self.run_id = run_id
        self.first = 0
        self.seqs: list[int] = []
        self._over = False

    def take(self, frame: SseFrame) -> None:
        """Note a line's number, or the place of a seed."""
        if frame.id is not None:
            self.seqs.append(frame.seq)
            self._over = frame.line in ENDS
            return
        if not self.seqs:
            self.first = frame.seq
        at_end = frame.seq == (self.seqs[-1] if self.seqs else self.first)
        self._over = at_end and frame.data["data"]["status"] in FINISHED

    def is_over(self) -> bool:
        """Whether the run's last line has come."""
        return self._over


class ProjectReader(Reader):
    """Follows all runs of a project; ``seqs`` are the numbers given, by run."""

    def __init__(self, remote: Remote) -> None:
        super().__init__(remote, "runs/events")
        self.seqs: dict[str, list[int]] = defaultdict(list)
        self.finished: set[str] = set()
        self.wanted: frozenset[str] | None = None

    def take(self, frame: SseFrame) -> None:
        """Note the number and whether it is the run's last."""
        run_id = str(frame.data["run_id"])
        self.seqs[run_id].append(frame.seq)
        if frame.line in ENDS:
            self.finished.add(run_id)

    def is_over(self) -> bool:
        """Whether all that is ``wanted`` has finished, once that is known."""
        return self.wanted is not None and self.wanted <= self.finished
