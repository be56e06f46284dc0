"""Pure: the fields of an answer form, what was typed into them, what is wrong there.

A field knows how to read its own text. What it cannot read is a problem of the field;
whether the value is an answer is decided by ``interactions.answers`` alone.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from apps.inbox.reading import (
    ABSENT,
    Unreadable,
    read_instant,
    read_json,
    read_number,
    read_whole,
)

_REQUIRED: Final = "is required"
_INPUT_TYPES: Final[Mapping[str, str]] = {
    "date": "date",
    "instant": "datetime-local",
    "email": "email",
    "url": "url",
}


class Posted(Protocol):
    """What a form sent: Django's ``QueryDict``."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the last value sent under a name."""

    def getlist(self, key: str) -> list[Any]:
        """Return all values sent under a name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option: ``key`` is sent by the form, ``value`` is the answer."""

    key: str
    value: Any
    label: str
    description: str = ""
    number: int = 0


@dataclass(slots=True)
class Field:
    """One field: ``path`` is where problems name it, ``kind`` how it is drawn.

    ``text`` and ``chosen`` are what it shows: a default at first, later what was sent.
    """

    path: str
    key: str
    kind: str
    label: str
    help: str = ""
    required: bool = False
    placeholder: str = ""
    choices: Sequence[Choice] = ()
    constant: Any = ABSENT
    text: str = ""
    chosen: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def name(self) -> str:
        """Return the field's name in the form."""
        return f"f:{self.path}" if self.path else "f"

    @property
    def id(self) -> str:
        """Return the field's id in the page."""
        return "".join(c if c.isascii() and c.isalnum() else "-" for c in self.name)

    @property
    def described_by(self) -> str:
        """Return the ids of what explains the field to a reader of screens."""
        parts = [
            f"{self.id}-help" if self.help else "",
            f"{self.id}-problem" if self.problem else "",
        ]
        return " ".join(part for part in parts if part)

    @property
    def input_type(self) -> str:
        """Return the type of the ``input`` element it is drawn as."""
        return _INPUT_TYPES.get(self.kind, "text")

    @property
    def input_mode(self) -> str:
        """Return which keys a phone shows for it."""
        return {"whole": "numeric", "number": "decimal"}.get(self.kind, "")

    @property
    def is_group(self) -> bool:
        """Say whether it is drawn as several controls under one legend."""
        return self.kind in ("radios", "checkboxes")

    def take(self, data: Posted) -> None:
        """Show what was sent."""
        if self.kind in ("checkboxes", "radios", "select", "checkbox"):
            known = {choice.key for choice in self.choices} | {"on"}
            self.chosen = [key for key in data.getlist(self.name) if key in known]
        elif self.kind != "constant":
            self.text = str(data.get(self.name, "")).replace("\r\n", "\n")

    def value(self) -> Any:
        """Return what the field says, ABSENT when it was left empty.

        Raises:
            Unreadable: it is required and empty, or cannot be read.
        """
        value = _READERS.get(self.kind, _text)(self)
        if value is ABSENT and self.required:
            raise Unreadable(_REQUIRED)
        return value


@dataclass(slots=True)
class Fieldset:
    """Fields of one object of the answer."""

    path: str
    key: str
    legend: str = ""
    help: str = ""
    required: bool = False
    members: list["Field | Fieldset"] = field(default_factory=list)

    def fields(self) -> list[Field]:
        """Return every field in it and below."""
        found: list[Field] = []
        for member in self.members:
            found += [member] if isinstance(member, Field) else member.fields()
        return found

    def take(self, data: Posted) -> None:
        """Show what was sent."""
        for each in self.fields():
            each.take(data)

    def value(self) -> Any:
        """Return the object, without what was left empty; problems stay at fields.

        An object that need not be there and was left empty altogether is absent.
        """
        found: dict[str, Any] = {}
        unread: list[tuple[Field, str]] = []
        for member in self.members:
            if isinstance(member, Fieldset):
                part = member.value()
            else:
                try:
                    part = member.value()
                except Unreadable as problem:
                    unread.append((member, str(problem)))
                    continue
            if part is not ABSENT:
                found[member.key] = part
        if not self.required and self.path and self._is_empty():
            return ABSENT
        for each, message in unread:
            each.problem = message
        return found

    def _is_empty(self) -> bool:
        """Say whether nothing was filled in."""
        return all(
            each.kind == "constant" or not (each.text.strip() or each.chosen)
            for each in self.fields()
        )


def place(fields: Sequence[Field], problems: Sequence[tuple[str, str]]) -> list[str]:
    """Put problems at the fields they name; return those that name none.

    A field that has a problem keeps it: it could not even be read.
    """
    left: list[str] = []
    for path, words in problems:
        message = _REQUIRED if words == "required" else words
        best: Field | None = None
        for each in fields:
            inside = path == each.path or path.startswith(
                (f"{each.path}.", f"{each.path}[")
            )
            if inside and (best is None or len(each.path) > len(best.path)):
                best = each
        if best is None:
            left.append(f"{path}: {message}" if path else message)
        elif not best.problem:
            rest = path[len(best.path) :].lstrip(".")
            best.problem = f"{rest}: {message}" if rest else message
    return left


def as_text(value: Any) -> str:
    """Return a value as a field shows it."""
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def as_json_text(value: Any) -> str:
    """Return a value as a field for JSON shows it."""
    if value is ABSENT:
        return ""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _text(of: Field) -> Any:
    return of.text or ABSENT


def _choice(of: Field) -> Any:
    return _chosen_values(of)[0] if of.chosen else ABSENT


def _choices(of: Field) -> Any:
    values = _chosen_values(of)
    return values if values or of.required else ABSENT


def _chosen_values(of: Field) -> list[Any]:
    return [choice.value for choice in of.choices if choice.key in of.chosen]


_READERS: Final[Mapping[str, Callable[[Field], Any]]] = {
    "constant": lambda of: of.constant,
    "checkbox": lambda of: bool(of.chosen),
    "radios": _choice,
    "select": _choice,
    "checkboxes": _choices,
    "whole": lambda of: read_whole(of.text),
    "number": lambda of: read_number(of.text),
    "instant": lambda of: read_instant(of.text),
    "json": lambda of: read_json(of.text),
}
