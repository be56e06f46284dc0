"""Which endpoints there are: the URL patterns and held routes, each with what its app
declares of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from apps.api.reference import Operation, Part
from apps.identity.viewsets import (
    READING,
    CallerViewSet,
    OpenViewSet,
    ProjectViewSet,
)
from apps.reference.contents import HELD_ROUTES, PARTS

#: Everything below is the API; what is elsewhere is in the reference if declared.
API: Final = "/v1/"


class Entrance(StrEnum):
    """Who gets in: callers of a project, any caller, who knows the address, all."""

    PROJECT = "project"
    CALLER = "caller"
    ADDRESS = "address"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    id: str
    tag: str
    operation: Operation
    entrance: Entrance
    permission: str = ""
    held: bool = False
    #: Refused while the project is archived.
    begins: bool = False


class Undeclared(LookupError):
    """Routes and declarations do not match."""


def endpoints(
    parts: Sequence[Part] = PARTS, patterns: Sequence[Any] | None = None
) -> list[Endpoint]:
    """Return every endpoint, chapter by chapter, in the order of the declarations.

    Raises:
        Undeclared: a route has no declaration, or a declaration no route.
    """
    declared = _declared(parts)
    found: dict[int, list[Endpoint]] = {number: [] for number, *_ in declared.values()}
    unknown: list[str] = []
    for method, path, key in _routes(patterns):
        if key not in declared:
            if path.startswith(API):
                unknown.append(f"{method} {path}")
            continue
        number, part, operation, permission = declared[key]
        earlier = found[number]
        id_ = [operation.id, *operation.aliases][len(earlier) :]
        if not id_:
            raise Undeclared(f"{operation.id}: no alias for {method} {path}")
        earlier.append(
            Endpoint(
                method=method,
                path=path,
                id=id_[0],
                tag=part.title,
                operation=operation,
                entrance=_entrance(key),
                permission=permission or _permission(key),
                held=bool(permission),
                begins=_begins(method, key),
            )
        )
    unused = [op.id for number, _, op, _ in declared.values() if not found[number]]
    if unknown or unused:
        raise Undeclared(
            f"routes without declaration: {unknown}; without route: {unused}"
        )
    return [each for number in sorted(found) for each in found[number]]


def _declared(parts: Sequence[Part]) -> Mapping[Any, tuple[int, Part, Operation, str]]:
    found: dict[Any, tuple[int, Part, Operation, str]] = {}
    titles = list(dict.fromkeys(part.title for part in parts))
    for title in titles:
        for part in (each for each in parts if each.title == title):
            every: list[tuple[Any, Operation]] = [
                *part.operations.items(),
                *part.open.items(),
            ]
            for key, operation in every:
                found[key] = (len(found), part, operation, "")
            for handler, held in part.held.items():
                found[handler] = (len(found), part, held.operation, held.permission)
    return found


def _routes(patterns: Sequence[Any] | None) -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and what declarations are found by."""
    wanted = get_resolver().url_patterns if patterns is None else patterns
    for path, callback in _patterns(wanted, "/"):
        actions = getattr(callback, "actions", None)
        if actions is None:
            yield "GET", path, callback
            continue
        for verb, action in actions.items():
            if verb != "head":
                yield verb.upper(), path, (callback.cls, action)
    for route in HELD_ROUTES:
        yield route.method, route.path, route.handler


def _patterns(entries: Sequence[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns, path)
        elif isinstance(entry, URLPattern):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), entry.callback


def _entrance(key: Any) -> Entrance:
    if not isinstance(key, tuple):
        held = {route.handler for route in HELD_ROUTES}
        return Entrance.PROJECT if key in held else Entrance.EVERYBODY
    view = key[0]
    for base, entrance in (
        (ProjectViewSet, Entrance.PROJECT),
        (CallerViewSet, Entrance.CALLER),
        (OpenViewSet, Entrance.ADDRESS),
    ):
        if issubclass(view, base):
            return entrance
    return Entrance.EVERYBODY


def _permission(key: Any) -> str:
    if isinstance(key, tuple) and issubclass(key[0], CallerViewSet):
        return str(key[0].permissions[key[1]].value)
    return ""


def _begins(method: str, key: Any) -> bool:
    """Say whether an archived project refuses it, as ``ProjectViewSet`` does."""
    if method in READING or not isinstance(key, tuple):
        return False
    view, action = key
    return issubclass(view, ProjectViewSet) and action not in view.while_archived
