"""Reading a request body strictly: every problem at once, each with its path.

    body = Body(data)
    name = body.text("name", max_length=128)
    limit = body.integer("limit", minimum=0, maximum=30, default=0)
    body.finish()

``finish`` raises Invalid with ``details["fields"] = [{path, message}, …]`` when a
field is missing, of the wrong type, out of range or unknown.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from apps.kernel.errors import Invalid

_MISSING: Any = object()
INT64_MAX = 2**63 - 1


def invalid_field(path: str, message: str) -> Invalid:
    """Return an Invalid that names one field and what was expected."""
    return Invalid(
        f"{path}: {message}", path=path, fields=[{"path": path, "message": message}]
    )


class Body:
    """One JSON object being read, field by field."""

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise invalid_field(path or "body", "expected a JSON object")
        self._data = data
        self._path = f"{path}." if path else ""
        self._read: set[str] = set()
        self.problems: list[dict[str, str]] = []

    def path_of(self, field: str) -> str:
        """Return the path of a field, from the outermost object on."""
        return self._path + field

    def problem(self, field: str, message: str) -> None:
        """Note a problem; ``finish`` raises them all."""
        self.problems.append({"path": self.path_of(field), "message": message})

    def has(self, field: str) -> bool:
        """Say whether the field was sent with a value other than null."""
        return self._data.get(field) is not None

    def sent(self, field: str) -> bool:
        """Say whether the field was sent, null included."""
        return field in self._data

    def value(self, field: str, *, default: Any = _MISSING) -> Any:
        """Return any JSON value."""
        self._read.add(field)
        found = self._data.get(field)
        if found is None:
            if default is _MISSING:
                self.problem(field, "is required")
                return None
            return default
        return found

    def text(
        self,
        field: str,
        *,
        default: Any = _MISSING,
        min_length: int = 1,
        max_length: int = 255,
        pattern: str | None = None,
        choices: Sequence[str] | None = None,
    ) -> Any:
        """Return a string within its limits."""
        found = self.value(field, default=default)
        if field in self._data and self._data[field] is not None:
            if not isinstance(found, str):
                self.problem(field, "expected a string")
            elif not min_length <= len(found) <= max_length:
                self.problem(field, f"expected {min_length} to {max_length} characters")
            elif "\x00" in found:
                self.problem(field, "must not contain the character NUL")
            elif pattern is not None and not re.fullmatch(pattern, found):
                self.problem(field, f"expected text matching {pattern}")
            elif choices is not None and found not in choices:
                self.problem(field, f"expected one of {', '.join(choices)}")
            else:
                return found
            return default if default is not _MISSING else ""
        return found

    def integer(
        self,
        field: str,
        *,
        default: Any = _MISSING,
        minimum: int = 0,
        maximum: int = INT64_MAX,
    ) -> Any:
        """Return a whole number within its bounds."""
        found = self.value(field, default=default)
        if field in self._data and self._data[field] is not None:
            if not isinstance(found, int) or isinstance(found, bool):
                self.problem(field, "expected a whole number")
            elif not minimum <= found <= maximum:
                self.problem(field, f"expected a number from {minimum} to {maximum}")
            else:
                return found
            return default if default is not _MISSING else 0
        return found

    def flag(self, field: str, *, default: Any = _MISSING) -> Any:
        """Return true or false."""
        found = self.value(field, default=default)
        if found is not None and not isinstance(found, bool):
            self.problem(field, "expected true or false")
            return False
        return found

    def mapping(self, field: str, *, default: Any = _MISSING) -> Any:
        """Return a JSON object."""
        found = self.value(field, default=default)
        if found is not None and not isinstance(found, Mapping):
            self.problem(field, "expected an object")
            return {}
        return found

    def inside(self, field: str) -> "Body":
        """Return a reader of an object inside, empty if it is not there; ``adopt``
        what it finds."""
        return Body(self.mapping(field, default={}), self.path_of(field))

    def adopt(self, inner: "Body") -> None:
        """Finish an object inside; what is wrong with it is wrong with this one."""
        inner._note_unknown()
        self.problems.extend(inner.problems)

    def listing(
        self,
        field: str,
        *,
        default: Any = _MISSING,
        min_items: int = 0,
        max_items: int = 1000,
    ) -> Any:
        """Return a JSON array within its size."""
        found = self.value(field, default=default)
        if field in self._data and self._data[field] is not None:
            if not isinstance(found, list):
                self.problem(field, "expected a list")
                return []
            if not min_items <= len(found) <= max_items:
                self.problem(field, f"expected {min_items} to {max_items} items")
        return found

    def texts(
        self,
        field: str,
        *,
        default: Any = _MISSING,
        min_items: int = 0,
        max_items: int = 100,
        max_length: int = 255,
    ) -> list[str]:
        """Return a list of non-empty strings."""
        found = self.listing(
            field, default=default, min_items=min_items, max_items=max_items
        )
        for index, item in enumerate(found or []):
            if not isinstance(item, str) or not 0 < len(item) <= max_length:
                self.problem(
                    f"{field}[{index}]", f"expected a string of 1 to {max_length}"
                )
        return [item for item in found or [] if isinstance(item, str)]

    def moment(self, field: str, *, default: Any = _MISSING) -> datetime | None:
        """Return an instant given as RFC 3339 with a zone, in UTC."""
        found = self.value(field, default=default)
        if found is None or isinstance(found, datetime):
            return found
        try:
            parsed = datetime.fromisoformat(found)
            moved = None if parsed.tzinfo is None else parsed.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            moved = None  # OverflowError: outside the years 1 to 9999 once in UTC
        if moved is None:
            self.problem(
                field, "expected an RFC 3339 instant with zone: 2026-01-31T12:00:00Z"
            )
        return moved

    def _note_unknown(self) -> None:
        for field in self._data:
            if field not in self._read:
                self.problem(str(field), "unknown field")

    def finish(self) -> None:
        """Raise Invalid when anything was wrong, unknown fields included."""
        self._note_unknown()
        if self.problems:
            first = self.problems[0]
            more = len(self.problems) - 1
            raise Invalid(
                f"{first['path']}: {first['message']}"
                + (f" (and {more} more)" if more else ""),
                path=first["path"],
                fields=self.problems,
            )
