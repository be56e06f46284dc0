"""Asking every route in every role and situation, and what has to come back.

A leak is a status that should be another, or a word of another project in an answer
whose request did not hold it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from django.db import transaction
from rest_framework.test import APIClient

from apps.api.rendering import to_json
from apps.identity.permissions import BUILT_IN_ROLES, Permission
from tests.contract.permission_table import THEN, Rule
from tests.contract.places import ROLES, Marks, Places, marks_of
from tests.contract.role_table import AS_ROLE, REACHED, WHILE_ARCHIVED, Route
from tests.contract.worlds import World

_CODES: Final = {401: "unauthorized", 404: "not_found"}
_SHOWN_MAX: Final = 40
_TYPED_ID: Final = re.compile(r"[a-z]+_[0-9a-z]{26}")
_client: Final = APIClient()


class Answer(NamedTuple):
    """What came back: the status, the body as text and as JSON, if it is."""

    status: int
    text: str
    body: Any


class Question(NamedTuple):
    """One request."""

    key: str
    method: str
    path: str
    body: Any


def may(role: str, permission: Permission) -> bool:
    """Say whether a built-in role holds a permission."""
    return permission in BUILT_IN_ROLES[role][1]


Expect = Callable[[Route, Rule, str], int]


def as_role(route: Route, rule: Rule, role: str) -> int:
    """Return what somebody with ``role`` is answered in their own project; 200 stands
    for whatever is well."""
    if not may(role, rule.permission):
        return 403
    return AS_ROLE.get(route, {}).get(role, THEN.get(route, 200))


def as_archived(route: Route, rule: Rule, role: str) -> int:
    """Return the same in an archived project."""
    allowed = as_role(route, rule, role)
    taken = route[0] == "GET" or route in WHILE_ARCHIVED
    return allowed if taken or not may(role, rule.permission) else 409


def as_neighbour(route: Route, rule: Rule, role: str) -> int:
    """Return what another project of the organization answers."""
    if route in REACHED and may(role, Permission.ORG_PROJECTS_MANAGE):
        return as_role(route, rule, role)
    return 404


def as_unknown(route: Route, rule: Rule, role: str) -> int:
    """Return what objects of others answer under one's own project."""
    return 404 if may(role, rule.permission) else 403


def as_nobody(route: Route, rule: Rule, role: str) -> int:
    """Return what a key that opens nothing is answered."""
    return 401


def as_stranger(route: Route, rule: Rule, role: str) -> int:
    """Return what a project of others answers."""
    return 404


@dataclass(frozen=True)
class Situation:
    """Keys by role, the project of the path, whose objects it names, what is due; and
    in which roles it is asked, where one more would be the same again."""

    name: str
    keys: Mapping[str, str]
    place: World
    objects: World
    expect: Expect
    roles: Collection[str] = ROLES

    def wants(self, route: Route) -> bool:
        """Say whether the route can be in this situation: one that names no object
        cannot name one of somebody else."""
        return self.place is self.objects or "{" in route[1]


def situations(places: Places) -> list[Situation]:
    """Return every situation in which a route of a project is asked."""
    home, beside, abroad, attic = places.worlds()
    keys = places.keys
    ours, theirs = keys["home"], keys["organization"]
    ended, once = keys["revoked organization"], ("Owner",)
    return [
        Situation("own project", ours, home, home, as_role),
        Situation("beside", ours, beside, beside, as_neighbour),
        Situation("abroad", ours, abroad, abroad, as_stranger),
        Situation("objects beside", ours, home, beside, as_unknown),
        Situation("revoked", keys["revoked"], home, home, as_nobody),
        Situation("expired", keys["expired"], home, home, as_nobody),
        Situation("disabled", keys["disabled"], home, home, as_nobody),
        Situation("archived", keys["attic"], attic, attic, as_archived),
        Situation("organization", theirs, home, home, as_role),
        Situation("other organization", keys["abroad"], home, home, as_stranger),
        Situation("objects abroad", ours, home, abroad, as_unknown, once),
        Situation("organization beside", theirs, beside, beside, as_role, once),
        Situation("organization archived", theirs, attic, attic, as_archived, once),
        Situation("organization abroad", theirs, abroad, abroad, as_stranger, once),
        Situation("organization revoked", ended, home, home, as_nobody, once),
    ]


@dataclass
class Findings:
    """What was asked, and what was wrong with it."""

    marks: Mapping[str, Marks]
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def among(cls, places: Places) -> "Findings":
        """Look for words of these."""
        marks = {world.project.handle: marks_of(world) for world in places.worlds()}
        return cls(marks)

    def check(
        self,
        about: str,
        question: Question,
        answer: Answer,
        due: int,
        *,
        permission: Permission | None = None,
        shows: Collection[str] = (),
    ) -> None:
        """Compare one answer with what is due. ``shows`` are the handles of projects
        that it may speak of if all is well."""
        self.asked += 1
        label = f"{about}: {question.method} {question.path}"
        status = 200 if 200 <= answer.status < 300 else answer.status
        if status != due:
            self.wrong.append(f"{label}: {answer.status}, not {due}: {answer.text}")
            return
        code = answer.body.get("code") if isinstance(answer.body, dict) else None
        if question.path.startswith("/v1/") and code != _CODES.get(due, code):
            self.wrong.append(f"{label}: {code}")
        if permission is not None and answer.body["details"] != {
            "permission": permission.value
        }:
            self.wrong.append(f"{label}: {answer.text}")
        self._search(label, question, answer, shows if status == 200 else ())

    def _search(
        self, label: str, question: Question, answer: Answer, shows: Collection[str]
    ) -> None:
        said = question.path + to_json(question.body).decode()
        told = set(_TYPED_ID.findall(answer.text))
        for handle, marks in self.marks.items():
            if handle in shows:
                continue
            found = [id for id in told & marks.ids if id not in said]
            found += [w for w in marks.words if w in answer.text and w not in said]
            if found:
                self.wrong.append(f"{label}: tells {found} of {handle}")

    def conclude(self, expected: int) -> None:
        """Fail with everything that was wrong, or if something was not asked."""
        shown = "\n".join(self.wrong[:_SHOWN_MAX])
        assert not self.wrong, f"{len(self.wrong)} of {self.asked} wrong:\n{shown}"
        assert self.asked == expected


def ask(question: Question) -> Answer:
    """Send one request to Django and take back what it did."""
    headers = {"Authorization": f"Bearer {question.key}"} if question.key else {}
    send = getattr(_client, question.method.lower())
    with transaction.atomic():
        reply = send(question.path, question.body, format="json", headers=headers)
        transaction.set_rollback(True)
    text = reply.content.decode()
    is_json = reply.headers.get("Content-Type", "").startswith("application/json")
    body = reply.json() if text and is_json else None
    return Answer(reply.status_code, text + str(reply.headers), body)


def ask_all(
    places: Places,
    routes: Mapping[Route, Rule],
    findings: Findings,
    send: Callable[[Question], Answer] = ask,
) -> int:
    """Ask every route of a project in every role and situation; return how many
    requests that has to be."""
    expected = 0
    for situation in situations(places):
        wanted = [route for route in routes if situation.wants(route)]
        expected += len(wanted) * len(situation.roles)
        for role in situation.roles:
            key = situation.keys[role]
            for route in wanted:
                _ask_one(situation, role, key, route, routes[route], findings, send)
    return expected


def _ask_one(
    situation: Situation,
    role: str,
    key: str,
    route: Route,
    rule: Rule,
    findings: Findings,
    send: Callable[[Question], Answer],
) -> None:
    method, below = route
    path = situation.place.path(below, situation.objects.ids)
    question = Question(key, method, path, situation.place.body(rule))
    due = situation.expect(route, rule, role)
    refused = due == 403 and not may(role, rule.permission)
    findings.check(
        f"{situation.name}, {role}",
        question,
        send(question),
        due,
        permission=rule.permission if refused else None,
        shows=[situation.place.project.handle],
    )
