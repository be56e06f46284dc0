"""Reading authored JSON field by field, collecting every problem on the way.

A getter never raises: it reports and returns a harmless value, so that one pass
finds everything.
"""

import re
from collections.abc import Callable, Mapping, Set
from datetime import timedelta
from typing import Any, Final, TypeVar

from apps.engine.durations import DurationError, parse_duration
from apps.engine.expressions import (
    Expression,
    ExpressionError,
    compile_expression,
)
from apps.engine.limits import NAME_CHARS_MAX, PROBLEMS_MAX, TEXT_CHARS_MAX
from apps.engine.spec import Problem
from apps.engine.templates import (
    DOLLAR,
    Syntax,
    Template,
    compile_template,
    find_broken,
    has_placeholder,
)

T = TypeVar("T")

ROOTS: Final = frozenset({"inputs", "state"})
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ALWAYS: Final = {"": None, "true": None, "false": "false"}


def bare(source: str) -> str:
    """Return an expression without a placeholder around the whole."""
    source = source.strip()
    for opening, closing in (("${{", "}}"), ("{{", "}}"), ("${", "}")):
        if source.startswith(opening) and source.endswith(closing):
            return source[len(opening) : -len(closing)].strip()
    return source


class Report:
    """The problems found so far, in the order of the document."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: str, message: str) -> None:
        """Remember one problem, once; beyond ``PROBLEMS_MAX`` nobody reads them."""
        problem = Problem(path, message)
        if len(self.problems) < PROBLEMS_MAX and problem not in self.problems:
            self.problems.append(problem)


class Fields:
    """One authored object, closed: what nobody asked for is a problem."""

    #: What expressions may name, and how placeholders are written.
    roots: Set[str] = ROOTS
    syntax: Syntax = DOLLAR

    def __init__(
        self, report: Report, path: str, authored: object, known: Set[str]
    ) -> None:
        self._report = report
        self.path = path
        self._values: Mapping[str, Any] = {}
        if not isinstance(authored, dict):
            report.add(path, "expected an object")
            self._report = Report()  # nothing more is said of fields it cannot have
            return
        self._values = authored
        for key in authored:
            if key not in known:
                report.add(self.at(str(key)), "unknown field")

    def at(self, key: str) -> str:
        """Return the path of the field ``key``; "" is the object itself."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def problem(self, key: str, message: str) -> None:
        """Report a problem with the field ``key``."""
        self._report.add(self.at(key), message)

    def has(self, key: str) -> bool:
        """Say whether ``key`` was given; null counts as absent."""
        return self._values.get(key) is not None

    def raw(self, key: str) -> Any:
        """Return what was authored, unread; None when absent."""
        return self._values.get(key)

    def require(self, key: str) -> bool:
        """Say whether ``key`` was given, and report it if not."""
        if self.has(key):
            return True
        self.problem(key, "required")
        return False

    def text(
        self, key: str, *, required: bool = False, chars_max: int = TEXT_CHARS_MAX
    ) -> str:
        """Return a text; "" when absent. A required one is not blank."""
        value = self.raw(key)
        if value is None:
            if required:
                self.problem(key, "required")
            return ""
        if not isinstance(value, str):
            self.problem(key, "expected a string")
            return ""
        if required and not value.strip():
            self.problem(key, "must not be blank")
        if len(value) > chars_max:
            self.problem(key, f"longer than {chars_max} characters")
        return value

    def name(self, key: str, *, required: bool = False) -> str:
        """Return a text short enough to be a name."""
        return self.text(key, required=required, chars_max=NAME_CHARS_MAX)

    def variable(self, key: str, *, required: bool = False) -> str:
        """Return a bare variable name, without ``state.`` before it."""
        value = self.name(key, required=required)
        if value and not _VARIABLE.fullmatch(value):
            self.problem(key, "expected a bare variable name, such as result")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of ``allowed``."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, str) or value not in allowed:
            self.problem(key, f"expected one of {', '.join(allowed)}")
            return default
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false when absent."""
        value = self.raw(key)
        if value is not None and not isinstance(value, bool):
            self.problem(key, "expected true or false")
        return value is True

    def whole(self, key: str, default: int, at_most: int) -> int:
        """Return a whole number from 0."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem(key, "expected a whole number")
            return default
        if not 0 <= value <= at_most:
            self.problem(key, f"expected 0 to {at_most}")
            return default
        return value

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """Return a number between two bounds."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem(key, "expected a number")
            return default
        if not least <= value <= most:
            self.problem(key, f"expected {least:g} to {most:g}")
            return default
        return float(value)

    def duration(
        self, key: str, *, required: bool = False, zero: bool = False
    ) -> timedelta | None:
        """Return a span; longer than zero unless ``zero`` allows that."""
        value = self.text(key, required=required)
        if not value.strip():
            return None
        try:
            span = parse_duration(value)
        except DurationError as error:
            self.problem(key, str(error))
            return None
        if not span and not zero:
            self.problem(key, "expected more than 0s")
        return span

    def listing(self, key: str, at_most: int) -> list[Any]:
        """Return an array; empty when absent."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(key, "expected an array")
            return []
        if len(value) > at_most:
            self.problem(key, f"more than {at_most} entries")
            return value[:at_most]
        return value

    def names(self, key: str, at_most: int) -> tuple[str, ...]:
        """Return an array of names, none of them blank."""
        found: list[str] = []
        for index, value in enumerate(self.listing(key, at_most)):
            if not isinstance(value, str) or not value.strip():
                self.problem(f"{key}[{index}]", "expected a name")
            elif len(value) > NAME_CHARS_MAX:
                self.problem(f"{key}[{index}]", f"longer than {NAME_CHARS_MAX}")
            else:
                found.append(value)
        return tuple(found)

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Return an object; empty when absent."""
        value = self.raw(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem(key, "expected an object")
            return {}
        return value

    def has_object(self, key: str) -> bool:
        """Say whether ``key`` is an object; another value is reported."""
        self.mapping(key)
        return isinstance(self.raw(key), dict)

    def objects(
        self, key: str, at_most: int, known: Set[str], read: "Callable[[Fields], T]"
    ) -> tuple[T, ...]:
        """Return an array of objects, each read by ``read``."""
        return tuple(
            read(type(self)(self._report, self.at(f"{key}[{index}]"), item, known))
            for index, item in enumerate(self.listing(key, at_most))
        )

    def entry(self, key: str, index: int, known: Set[str]) -> "Fields":
        """Return one object of the array under ``key``, to be read in turn."""
        path = self.at(f"{key}[{index}]")
        return type(self)(self._report, path, self._values[key][index], known)

    def object(self, key: str, known: Set[str]) -> "Fields":
        """Return the object under ``key``, to be read in turn."""
        return type(self)(self._report, self.at(key), self.raw(key), known)

    def template(self, key: str, authored: Any) -> Template:
        """Return ``authored``, found under ``key``, compiled."""
        try:
            return compile_template(authored, self.roots, self.syntax)
        except ExpressionError:
            where = self.at(key)
            for path, message in find_broken(authored, self.roots, where, self.syntax):
                self._report.add(path, message)
            return Template(None, None)

    def is_template(self, authored: Any) -> bool:
        """Say whether rendering would change ``authored``."""
        return has_placeholder(authored, self.syntax)

    def expression(
        self, key: str, source: str, roots: Set[str] | None = None
    ) -> Expression | None:
        """Return ``source``, found under ``key``, compiled; None if it is broken."""
        try:
            return compile_expression(source, self.roots if roots is None else roots)
        except ExpressionError as error:
            self.problem(key, str(error))
            return None

    def condition(self, key: str, roots: Set[str] | None = None) -> Expression | None:
        """Return a condition; None for one that always holds.

        A placeholder around the whole is taken off; true and false may have any case.
        """
        source = bare(self.text(key))
        plain = _ALWAYS.get(source.lower(), source)
        return None if plain is None else self.expression(key, plain, roots)
