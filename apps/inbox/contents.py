"""Pure: what a question brings along, as rows that people can read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

#: A text up to this length stands in its row; a longer one is folded.
TEXT_SHOWN_MAX: Final = 240
#: JSON up to so many lines is open from the start.
LINES_OPEN_MAX: Final = 12
#: So much of one value reaches the page.
CHARACTERS_MAX: Final = 50_000
_WEIGHTS: Final[Mapping[str, int]] = {"text": 0, "link": 0, "json": 1, "long": 2}
_WORDS: Final[Mapping[str, str]] = {"true": "yes", "false": "no", "null": "—"}


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its value: plain ``text``, a ``link``, or something to fold up.

    ``kind`` is text, link, long or json; ``glimpse`` stands for what is folded.
    """

    name: str
    kind: str
    text: str
    glimpse: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that belongs to the question: an address, or a thing of ours."""

    label: str
    href: str = ""
    note: str = ""


def rows_of(values: Any) -> list[Row]:
    """Return the entries of an object as rows, the short ones first; anything else is
    one row. Stored objects have lost the order in which they were written."""
    if values is None or values == {}:
        return []
    if not isinstance(values, Mapping):
        return [row_of("", values)]
    rows = [row_of(_spaced(str(name)), value) for name, value in values.items()]
    return sorted(rows, key=lambda row: _WEIGHTS[row.kind])


def row_of(name: str, value: Any) -> Row:
    """Return one value as a row."""
    if isinstance(value, str):
        text = _cut(value)
        if is_web_address(value):
            return Row(name, "link", text)
        if len(text) > TEXT_SHOWN_MAX or text.count("\n") > LINES_OPEN_MAX:
            return Row(name, "long", text, glimpse=" ".join(text.split())[:120])
        return Row(name, "text", text)
    if isinstance(value, list | tuple) and value and all(_is_plain(v) for v in value):
        line = ", ".join(plain(each) for each in value)
        if len(line) <= TEXT_SHOWN_MAX:
            return Row(name, "text", line)
    if isinstance(value, Mapping | list | tuple) and value:
        text = _cut(json.dumps(value, indent=2, ensure_ascii=False, default=str))
        is_open = text.count("\n") < LINES_OPEN_MAX
        return Row(name, "json", text, glimpse=_size(value), is_open=is_open)
    return Row(name, "text", plain(value))


def plain(value: Any) -> str:
    """Return a value in a few words: an answer, a cell of a table."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(_is_plain(each) for each in value):
        return ", ".join(plain(each) for each in value) or "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return _WORDS.get(text, text)


def answer_in_words(value: Any, spec: Mapping[str, Any] | None, mode: str) -> str:
    """Return an answer as its options call it."""
    if mode == "confirm" and isinstance(value, bool):
        return "Approved" if value else "Rejected"
    labels = {
        option.get("value"): option.get("label") or option.get("value")
        for option in (spec or {}).get("options") or ()
    }
    if isinstance(value, list):
        return ", ".join(str(_label(labels, each)) for each in value) or "Nothing"
    return str(_label(labels, value))


def references_of(listed: Iterable[Mapping[str, Any]] | None) -> list[Reference]:
    """Return what a question refers to. Only addresses of the web become links."""
    found = []
    for each in listed or ():
        url = str(each.get("url") or "")
        entity = " ".join(
            str(each[part]) for part in ("entity_type", "entity_id") if each.get(part)
        )
        label = str(each.get("label") or url or entity)
        href = url if is_web_address(url) else ""
        note = str(each.get("relation") or "")
        found.append(
            Reference(label, href, note if href else f"{note} {entity}".strip())
        )
    return found


def is_web_address(text: str) -> bool:
    """Say whether a text is an http or https address and nothing else."""
    if len(text) > 2000 or any(c.isspace() for c in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _label(labels: Mapping[Any, Any], value: Any) -> Any:
    if isinstance(value, str):
        return labels.get(value, value)
    return plain(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _size(value: Any) -> str:
    count = len(value)
    word = "field" if isinstance(value, Mapping) else "item"
    return f"{count} {word}{'' if count == 1 else 's'}"


def _spaced(name: str) -> str:
    words = name.replace("_", " ").strip()
    return (words[:1].upper() + words[1:]) or name


def _cut(text: str) -> str:
    if len(text) <= CHARACTERS_MAX:
        return text
    return f"{text[:CHARACTERS_MAX]}\n… {len(text) - CHARACTERS_MAX:,} more characters"
