"""Where results go: tables for people, JSON for programs.

Results are on standard output, everything else on standard error. JSON is one
document; what comes as a stream is one line per item, written at once.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

    from mobius.cli.tables import Column

FORMATS: Final = ("table", "json")
PIPED_WIDTH: Final = 200


class Output:
    """Prints one command's results. ``chosen`` is a format, or empty: JSON unless
    standard output is a terminal."""

    def __init__(self, chosen: str = "") -> None:
        self.is_json = (chosen or _usual()) == "json"

    @property
    def console(self) -> "Console":
        """Standard output with colours where it is a terminal and they are wanted."""
        return _console(sys.stdout)

    def document(self, value: Any, shown: "Iterable[str] | None" = None) -> None:
        """Print one thing; people see ``shown``, or its fields one below the other."""
        if self.is_json:
            self._write(json.dumps(value, indent=2, ensure_ascii=False))
        elif shown is None:
            self.fields(value)
        else:
            for line in shown:
                self.console.print(line, soft_wrap=True, highlight=False)

    def table(
        self,
        items: Sequence[Mapping[str, Any]],
        columns: "Sequence[Column]",
        *,
        page: Mapping[str, Any] | None = None,
        empty: str = "nothing",
    ) -> None:
        """Print a list; as JSON it is ``page``, or ``{items}`` with all of them."""
        if self.is_json:
            self.document(page if page is not None else {"items": list(items)})
            return
        from mobius.cli.tables import rows_of

        if not items:
            note(empty)
            return
        console = self.console
        for row in rows_of(items, columns, console.width):
            console.print(row, soft_wrap=True)
        if page and page.get("has_more"):
            note("there is more: --all")

    def fields(self, value: Mapping[str, Any]) -> None:
        """Print the fields of one thing, one below the other, for people."""
        from mobius.cli.tables import fields_of

        self.console.print(fields_of(value))

    def line(self, value: Any, shown: str) -> None:
        """Print one item of a stream at once; people see ``shown`` (markup)."""
        if self.is_json:
            self._write(json.dumps(value, ensure_ascii=False))
        else:
            self.console.print(shown, soft_wrap=True, highlight=False)
        sys.stdout.flush()

    def done(self, value: Any, shown: str) -> None:
        """Say what was done: the thing as JSON, or one line (markup)."""
        self.document(value, [shown])

    def raw(self, text: str) -> None:
        """Print text as it is, whatever the format."""
        self._write(text)

    def _write(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Tell people something beside the result; nobody else hears of it."""
    if sys.stderr.isatty():
        _console(sys.stderr).print(f"[dim]{text}[/dim]", highlight=False)


def say(text: str) -> None:
    """Tell whoever runs this something beside the result, in a line of its own."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def complain(lines: Sequence[str]) -> None:
    """Print an error on standard error; its first word in red on a terminal."""
    from rich.text import Text

    console = _console(sys.stderr)
    for line in lines:
        text = Text(line)
        text.highlight_regex(r"^error:", "bold red")
        text.highlight_regex(r"^hint:", "cyan")
        console.print(text, soft_wrap=True)


def _usual() -> str:
    return "table" if sys.stdout.isatty() else "json"


def _console(stream: Any) -> "Console":
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to ``main``."""
            raise BrokenPipeError

    is_terminal = stream.isatty()
    is_plain = not is_terminal or bool(os.environ.get("NO_COLOR"))
    return Ours(
        file=stream,
        force_terminal=is_terminal,
        color_system=None if is_plain else "auto",
        width=None if is_terminal else PIPED_WIDTH,
    )
