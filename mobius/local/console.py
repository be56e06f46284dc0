"""What the person at the terminal sees: phases with their seconds, and lines."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TextIO

LABEL_WIDTH = 46


class Phase:
    """One step of the set-up, while it runs; ``label`` may be made more precise."""

    def __init__(self, label: str) -> None:
        self.label = label


class Console:
    """Plain lines when the output is not a terminal; nothing here can fail.

    A reader that has gone away (a closed pipe, a closed terminal) must not bring
    a running system down, so errors of the output are dropped.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_terminal = self._stream.isatty()

    def line(self, text: str = "") -> None:
        """Print one line at once."""
        self._write(f"{text}\n")

    @contextlib.contextmanager
    def phase(self, label: str) -> Iterator[Phase]:
        """Say what is being done, then that it is done and how long it took."""
        phase = Phase(label)
        started = time.monotonic()
        if self._is_terminal:
            self._write(f"  {label} ...")
        try:
            yield phase
        except BaseException:
            if self._is_terminal:
                self._write("\n")
            raise
        seconds = time.monotonic() - started
        start_of_line = "\r\x1b[K" if self._is_terminal else ""
        self._write(f"{start_of_line}  {phase.label:<{LABEL_WIDTH}} {seconds:5.1f} s\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
