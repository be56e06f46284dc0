"""What stands below the fields on a row's page: tables of other rows, JSON to read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.html import format_html

#: JSON longer than this is cut; characters.
JSON_LENGTH_MAX: Final = 20_000
_TEXT_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Section:
    """One block of a page: a table (``headers`` and ``rows``), or a ``text``.

    ``more`` is a link to the whole list; ``closed`` blocks open on a click.
    """

    title: str
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    text: str = ""
    more: str = ""
    note: str = ""
    closed: bool = False


def json_section(title: str, value: Any, *, closed: bool = False) -> Section:
    """Return a value as a block of readable JSON, cut at ``JSON_LENGTH_MAX``."""
    text, note = readable_json(value), ""
    if len(text) > JSON_LENGTH_MAX:
        note = f"the first {JSON_LENGTH_MAX:,} of {len(text):,} characters"
        text = text[:JSON_LENGTH_MAX]
    return Section(title, text=text, note=note, closed=closed)


def readable_json(value: Any) -> str:
    """Return a value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def one_line(value: Any) -> str:
    """Return a value as one short line of JSON."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    cut = len(text) > _TEXT_LENGTH_MAX
    return text[:_TEXT_LENGTH_MAX] + "…" if cut else text


def instant(at: datetime | None) -> str:
    """Return an instant for a table, to the millisecond, in UTC; empty if None."""
    if at is None:
        return ""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def duration(start: datetime | None, end: datetime | None) -> str:
    """Return the time between two instants as people say it; empty if one is None."""
    if start is None or end is None:
        return ""
    seconds = max((end - start).total_seconds(), 0.0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join([f"{n} {unit}" for n, unit in parts if n][:2])


def pill(word: str, colours: Mapping[str, str] | None = None) -> str:
    """Return a word as a coloured label; ``colours`` as for ``badge``."""
    colour = (colours or {}).get(word, "plain")
    return format_html('<span class="mb-pill mb-{}">{}</span>', colour, word)
