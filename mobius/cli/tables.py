"""Lists and things as people read them: columns, colours, how long ago."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

CELL_CHARACTERS_MAX: Final = 80
TEXT_WIDTH_MIN: Final = 8
GAP: Final = "  "
_GOOD: Final = "green"
_STYLES: Final = {
    **dict.fromkeys(("completed", "active", "delivered", "enabled", "accepted"), _GOOD),
    **dict.fromkeys(("failed", "stale", "disabled", "revoked", "expired"), "red"),
    **dict.fromkeys(("running", "claimed", "processing"), "cyan"),
    **dict.fromkeys(("queued", "suspended", "pending", "draft", "paused"), "yellow"),
    **dict.fromkeys(("cancelled", "deleted", "archived"), "dim"),
}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Column:
    """A column: its heading, and the fields to look in, the first that is there.

    A field may be dotted. ``kind`` is text (cut to fit), id (never cut), status, ago
    (an instant) or flag.
    """

    heading: str
    fields: tuple[str, ...]
    kind: str = "text"


def columns(*described: str) -> tuple[Column, ...]:
    """Columns from ``heading=field|other:kind``; the heading alone is the field."""
    made = []
    for one in described:
        heading, _, rest = one.partition("=")
        names, _, kind = (rest or heading).partition(":")
        heading = heading.partition(":")[0]
        made.append(Column(heading, tuple(names.split("|")), kind or "text"))
    return tuple(made)


def rows_of(
    items: Sequence[Mapping[str, Any]], wanted: Sequence[Column], width: int
) -> list[Text]:
    """The items as lines below headings. Columns that are empty everywhere are left
    out; where ``width`` is too little, cells of kind text are cut, the widest first."""
    now = datetime.now(UTC)
    kept = [c for c in wanted if any(field_of(i, c) is not None for i in items)]
    lines = [[Text(column.heading.upper(), style="bold") for column in kept]]
    for item in items:
        lines.append([_cell(field_of(item, c), c.kind, now) for c in kept])
    widths = [max(line[n].cell_len for line in lines) for n in range(len(kept))]
    cuttable = [n for n, column in enumerate(kept) if column.kind == "text"]
    left = width - sum(widths) - len(GAP) * (len(kept) - 1)
    while left < 0 and any(widths[n] > TEXT_WIDTH_MIN for n in cuttable):
        widest = max(cuttable, key=lambda n: widths[n])
        widths[widest] -= 1
        left += 1
    for line in lines:
        for cell, room in zip(line, widths, strict=True):
            cell.truncate(room, overflow="ellipsis", pad=True)
    rows = [Text(GAP).join(line) for line in lines]
    for row in rows:
        row.rstrip()
    return rows


def fields_of(value: Mapping[str, Any]) -> Table:
    """The fields of one thing, one below the other."""
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, found in value.items():
        if found in (None, "", [], {}):
            continue
        kind = "instant" if name.endswith("_at") else "text"
        kind = "status" if name == "status" else kind
        table.add_row(name, _cell(found, kind, now, CELL_CHARACTERS_MAX * 5))
    return table


def field_of(item: Mapping[str, Any], column: Column) -> Any:
    """The value of a column in an item; None when it has none."""
    for path in column.fields:
        found: Any = item
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if found not in (None, "", {}, []):
            return found
    return None


def status_text(status: str) -> str:
    """A status as markup, coloured."""
    style = _STYLES.get(status)
    return f"[{style}]{escape(status)}[/{style}]" if style else escape(status)


def ago(instant: str, now: datetime) -> str:
    """How long ago, or in how long, an RFC 3339 instant is: ``3 min ago``."""
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return instant
    if at.tzinfo is None:
        return instant
    distance = now - at
    told = span(abs(distance))
    return f"in {told}" if distance < timedelta(seconds=-1) else f"{told} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest unit: ``12 s``."""
    seconds = int(length.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def short(value: Any, limit: int = CELL_CHARACTERS_MAX) -> str:
    """A value in one line of limited length: lists joined, objects as JSON."""
    import json

    if isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = ", ".join(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cell(
    value: Any, kind: str, now: datetime, limit: int = CELL_CHARACTERS_MAX
) -> Text:
    if value is None:
        return Text("-", style="dim")
    match kind:
        case "ago":
            return Text(ago(str(value), now))
        case "instant":
            return Text(f"{str(value).partition('.')[0]}Z, {ago(str(value), now)}")
        case "flag":
            return Text("yes" if value else "no")
        case "status":
            return Text.from_markup(status_text(str(value)))
        case _:
            return Text(short(value, limit))
