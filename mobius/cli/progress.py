"""A spinner on standard error while something takes long; only on a terminal."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, Self


class Spinner:
    """Says what is waited for; ``paused`` takes it away while something is printed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._status: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.markup import escape

            console = Console(stderr=True)
            self._status = console.status(escape(self._text), spinner="dots")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """Change what it says."""
        if self._status is not None:
            from rich.markup import escape

            self._status.update(escape(text))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take it away for as long as this lasts."""
        if self._status is not None:
            self._status.stop()
        try:
            yield
        finally:
            if self._status is not None:
                self._status.start()
