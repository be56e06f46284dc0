"""Every method of every path: who is let in, who is told nothing."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from mobius import asgi
from tests.contract.matrix import Question, ask
from tests.contract.open_paths import HELD_PAGES, OPEN, PAGES, PUBLIC
from tests.contract.permission_table import HELD, IN_PROJECT, OUTSIDE, THEN
from tests.contract.places import Places
from tests.contract.role_table import OF_ORGANIZATION
from tests.contract.routes import django_paths, django_routes
from tests.contract.worlds import PREFIX, World, bad_keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(places: Places) -> World:
    return places.home


@pytest.fixture
def abroad(places: Places) -> World:
    return places.abroad


@pytest.fixture
def owner(places: Places) -> str:
    return places.keys["home"]["Owner"]


def said(key: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send one request; return the status and what stands in the body."""
    answer = ask(Question(key, method, path, body))
    return answer.status, answer.body


# --- The table is whole ---------------------------------------------------------


def test_every_route_of_the_api_is_in_the_table() -> None:
    found: set[tuple[str, str]] = set()
    for path, entry in django_routes():
        if path.startswith("/v1/"):
            actions: dict[str, str] = entry.callback.actions  # type: ignore[attr-defined]
            # Django REST framework adds HEAD beside GET when it is first used.
            found |= {(verb.upper(), path) for verb in actions if verb != "head"}

    expected = {(method, PREFIX + below) for method, below in IN_PROJECT}
    assert found == expected | set(OUTSIDE) | set(OF_ORGANIZATION) | OPEN


def test_every_held_route_is_in_the_table() -> None:
    found = {
        (
            route.method,
            re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", r"{\1}", route.pattern.pattern),
        )
        for route in asgi._held._routes
    }

    in_projects = {(method, PREFIX + below) for method, below in HELD}
    assert found == in_projects | HELD_PAGES


def test_nothing_outside_the_api_answers_but_health_and_the_pages() -> None:
    paths = set(django_paths())

    known = ("/v1/", "/admin/", PAGES)
    others = {path for path in paths if not path.startswith(known)}

    assert others == PUBLIC


def test_the_admin_sends_strangers_to_its_login() -> None:
    for model in admin.site._registry:
        meta = model._meta
        page = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        answer = Client().get(page)
        assert answer.status_code == 302, page
        assert answer.headers["Location"].startswith("/admin/login/")


# --- Routes that Django serves --------------------------------------------------


def test_nobody_gets_in_without_a_good_key(home: World) -> None:
    keys = bad_keys(home)

    wrong = []
    for (method, below), rule in IN_PROJECT.items():
        for kind, key in keys.items():
            status, answer = said(key, method, home.path(below), home.body(rule))
            if (status, answer["code"]) != (401, "unauthorized"):
                wrong.append((kind, method, below, status))
        if method == "GET" and said("", "HEAD", home.path(below))[0] != 401:
            wrong.append(("HEAD", method, below, 0))
    assert not wrong


def test_the_one_permission_is_needed_and_enough(home: World) -> None:
    every = {rule.permission for rule in IN_PROJECT.values()}
    only = {permission: home.key(permission) for permission in every}
    all_but = {one: home.key(*(p for p in type(one) if p is not one)) for one in every}
    nothing = home.key()

    wrong = []
    for (method, below), rule in IN_PROJECT.items():
        path, body = home.path(below), home.body(rule)
        for key in (nothing, all_but[rule.permission]):
            status, answer = said(key, method, path, body)
            missing = {"permission": rule.permission.value}
            if (status, answer["details"]) != (403, missing):
                wrong.append((method, below, status, answer))
        status, answer = said(only[rule.permission], method, path, body)
        due = THEN.get((method, below), 200)
        if (200 if status in range(200, 300) else status) != due or (
            due == 403 and answer["details"].get("permission") == rule.permission.value
        ):
            wrong.append((method, below, status, answer))
    assert not wrong


def test_a_project_that_nobody_has_does_not_exist(home: World, owner: str) -> None:
    wrong = []
    for (method, below), rule in IN_PROJECT.items():
        nowhere = home.path(below).replace("/mx-home", "/nowhere")
        status, answer = said(owner, method, nowhere, home.body(rule))
        if (status, answer["code"]) != (404, "not_found"):
            wrong.append((method, below, status))
    assert not wrong


@pytest.mark.parametrize(
    ("below", "field", "name"),
    [
        ("/runs", "definition_id", "workflow"),
        ("/api-keys", "principal_id", "principal_id"),
        ("/role-assignments", "principal_id", "principal_id"),
    ],
)
def test_a_body_cannot_name_an_object_of_another_project(
    home: World, abroad: World, owner: str, below: str, field: str, name: str
) -> None:
    rest = {"/api-keys": {"name": "k"}, "/role-assignments": {"role_name": "Viewer"}}
    body = {field: abroad.ids[name], **rest.get(below, {})}

    status, answer = said(owner, "POST", home.path(below), body)

    assert (status, answer["code"]) == (404, "not_found")


@pytest.mark.parametrize("below", ["/runs/cancellations", "/runs/retries"])
def test_a_batch_reports_runs_of_another_project_as_unknown(
    home: World, abroad: World, owner: str, below: str
) -> None:
    theirs = abroad.ids["run_id"]

    status, answer = said(owner, "POST", home.path(below), {"run_ids": [theirs]})

    assert (status, answer["succeeded"]) == (200, [])
    assert answer["failures"] == {theirs: f"run {theirs} not found"}


def test_nobody_is_asked_about_another_projects_principal(
    home: World, abroad: World, owner: str
) -> None:
    question = abroad.body(IN_PROJECT["POST", "/interactions"])

    status, answer = said(owner, "POST", home.path("/interactions"), question)

    assert (status, answer["code"]) in {(400, "bad_request"), (404, "not_found")}


def test_a_method_that_a_path_does_not_have_is_405(home: World, owner: str) -> None:
    wrong = []
    for below in dict.fromkeys(path for _, path in IN_PROJECT):
        has = {verb for verb, path in IN_PROJECT if path == below}
        for other in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - has:
            status, answer = said(owner, other, home.path(below))
            if (status, answer["code"]) != (405, "method_not_allowed"):
                wrong.append((other, below, status))
    assert not wrong


def test_what_names_no_project_needs_a_good_key_and_its_permission(
    home: World, places: Places
) -> None:
    for (method, path), rule in OUTSIDE.items():
        others = [p for p in type(rule.permission) if p is not rule.permission]
        for key in bad_keys(home).values():
            assert said(key, method, path, rule.body)[0] == 401
        for key in (home.key(), home.key(*others)):
            status, answer = said(key, method, path, rule.body)
            assert (status, answer["code"]) == (403, "permission_denied")
            assert answer["details"] == {"permission": rule.permission.value}
        allowed = home.key(rule.permission)
        assert said(allowed, method, path, rule.body)[0] in (200, 201)


def test_the_project_list_shows_a_key_its_own_project_only(
    home: World, places: Places
) -> None:
    assert said(home.key(), "GET", "/v1/projects")[0] == 403

    status, answer = said(places.keys["home"]["Viewer"], "GET", "/v1/projects")

    assert status == 200
    assert [item["handle"] for item in answer["items"]] == ["mx-home"]
