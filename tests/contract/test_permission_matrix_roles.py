"""Every route, every built-in role, every situation: nothing leaks."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.identity.models import ApiKey, Principal
from apps.identity.permissions import Permission
from tests.contract.matrix import (
    Answer,
    Findings,
    Question,
    as_neighbour,
    as_nobody,
    as_role,
    as_stranger,
    ask,
    ask_all,
    may,
)
from tests.contract.open_paths import OPEN, PAGES, PUBLIC
from tests.contract.permission_table import IN_PROJECT, OUTSIDE
from tests.contract.places import ROLES, Places, ids_of
from tests.contract.role_table import OF_ORGANIZATION, Route
from tests.contract.routes import django_paths
from tests.contract.worlds import World

pytestmark = pytest.mark.django_db

CLOSED = ("revoked", "expired", "disabled", "revoked organization")
OF_PROJECTS = ("home", "attic")


def test_every_route_of_a_project_in_every_role_and_situation(places: Places) -> None:
    findings = Findings.among(places)

    expected = ask_all(places, IN_PROJECT, findings)

    findings.conclude(expected)


def test_every_route_of_the_organization_in_every_role_and_situation(
    places: Places,
) -> None:
    findings = Findings.among(places)
    key_ids = {
        name: ids_of(places.keys[name])["Viewer"] for name in ("organization", "abroad")
    }

    for name, keys in places.keys.items():
        for role, key in keys.items():
            for route, rule in {**OUTSIDE, **OF_ORGANIZATION}.items():
                method, path = route
                due = _outside(name, route, role)
                own = path.format(key_id=key_ids.get(name, key_ids["organization"]))
                question = Question(key, method, own, rule.body)
                findings.check(
                    f"{name}, {role}",
                    question,
                    ask(question),
                    due,
                    shows=_shown(name, role, places),
                )
            other = key_ids["organization" if name == "abroad" else "abroad"]
            question = Question(key, "GET", f"/v1/api-keys/{other}", None)
            due = _outside(name, ("GET", "/v1/api-keys/{key_id}"), role)
            findings.check(
                f"{name}, {role}", question, ask(question), 404 if due == 200 else due
            )

    many = len(OUTSIDE) + len(OF_ORGANIZATION) + 1
    findings.conclude(len(places.keys) * len(ROLES) * many)


def _outside(name: str, route: Route, role: str) -> int:
    if name in CLOSED:
        return 401
    rule = OUTSIDE.get(route) or OF_ORGANIZATION[route]
    is_barred = route in OF_ORGANIZATION and name in OF_PROJECTS
    return 200 if may(role, rule.permission) and not is_barred else 403


def _shown(name: str, role: str, places: Places) -> list[str]:
    """The projects of which a caller hears in lists of the organization."""
    if name == "abroad":
        return [places.abroad.project.handle]
    if name in OF_PROJECTS and not may(role, Permission.ORG_PROJECTS_MANAGE):
        return [f"mx-{name}"]
    home, beside, _, attic = places.worlds()
    return [world.project.handle for world in (home, beside, attic)]


@pytest.mark.parametrize("place", ["home", "beside", "abroad"])
def test_keys_of_a_project_that_is_named_are_as_under_its_path(
    places: Places, place: str
) -> None:
    findings = Findings.among(places)
    world: World = getattr(places, place)
    routes = [route for route in IN_PROJECT if route[1].startswith("/api-keys")]

    for name in ("home", "organization", "abroad", *CLOSED):
        for role, key in places.keys[name].items():
            for route in routes:
                rule = IN_PROJECT[route]
                question = _naming(world, key, route, world.body(rule))
                expect = as_neighbour if name == "home" else as_stranger
                if name in CLOSED:
                    expect = as_nobody
                elif place == name or (name == "organization" and place != "abroad"):
                    expect = as_role
                findings.check(
                    f"{name}, {role}",
                    question,
                    ask(question),
                    expect(route, rule, role),
                    shows=[world.project.handle],
                )

    findings.conclude(len(routes) * len(ROLES) * (3 + len(CLOSED)))


def _naming(world: World, key: str, route: Route, body: Any) -> Question:
    method, below = route
    path = "/v1" + below.format_map(world.ids)
    if route == ("POST", "/api-keys"):
        body = {**body, "project_id": world.project.id}
    else:
        path += f"?project_id={world.project.handle}"
    return Question(key, method, path, body)


# --- What no key opens -----------------------------------------------------------


def pages(places: Places) -> Iterator[tuple[str, str]]:
    """``(method, path)`` of everything that is not of the API, filled with objects of
    another organization; the addresses that providers call among them."""
    known = {**places.abroad.ids, "rest": "x/y", "app_label": "identity"}
    for path in django_paths():
        if not path.startswith("/v1/"):
            yield "GET", _filled(path, known)
    for method, path in sorted(OPEN):
        yield method, _filled(path, {"handle": "x", "provider": "github"})


def _filled(path: str, known: Mapping[str, str]) -> str:
    plain = re.sub(r"\^?\(\?P({\w+})[^)]*\)(/?)\$", r"\1\2", path)
    return re.sub(r"{(\w+)}", lambda name: known.get(name[1], "x"), plain)


def test_a_key_opens_no_page_and_changes_no_public_answer(places: Places) -> None:
    findings = Findings.among(places)
    every = list(pages(places))

    for number, (method, path) in enumerate(every):
        due = ask(Question("", method, path, None)).status
        is_page = path.startswith(("/admin/", PAGES)) or path == "/"
        assert not is_page or due in (302, 404, 405) or path in OPENLY_SHOWN
        due = 200 if due < 300 else due
        asked = {("home", role) for role in ROLES}
        # Each other sort of key in one role, in another one on the next page.
        asked |= {(name, ROLES[number % len(ROLES)]) for name in places.keys}
        for name, role in sorted(asked):
            question = Question(places.keys[name][role], method, path, None)
            findings.check(f"{name}, {role}", question, ask(question), due)

    findings.conclude(len(every) * (len(ROLES) + len(places.keys) - 1))
    assert {path for _, path in every} >= PUBLIC


#: Pages that anybody may see.
OPENLY_SHOWN = {"/admin/login/", "/admin/jsi18n/", "/inbox/sign-in"}


def test_a_person_sees_nothing_of_other_projects_on_the_pages(places: Places) -> None:
    findings = Findings.among(places)
    account = User.objects.create_user("rita")
    person = Principal.objects.get(pk=places.home.ids["principal_id"])
    person.user = account
    person.save()
    client = Client()
    client.force_login(account)
    asked = [
        (world, path)
        for world in (places.beside, places.abroad, places.attic)
        for path in django_paths()
        if path.startswith(("/admin/", PAGES)) and not path.endswith("sign-out")
    ]

    for world, path in asked:
        filled = _filled(path, {**world.ids, "rest": "x/y", "app_label": "identity"})
        question = Question("", "GET", filled, None)
        reply = client.get(filled)
        due = reply.status_code
        text = reply.content.decode()
        if "{interaction_id}" in path:
            assert due in (404, 405), (filled, due)
        if path.startswith("/admin/"):
            assert due in (200, 302), (filled, due)
            assert due == 302 or filled in OPENLY_SHOWN, filled
        answer = Answer(due, text, None)
        due = 200 if due < 300 else due
        findings.check("rita", question, answer, due, shows=["mx-home"])

    findings.conclude(len(asked))
    assert not ApiKey.objects.filter(principal=person).exists()
