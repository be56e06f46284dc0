"""Every method of every path: who is let in, who is told nothing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from mobius import asgi
from tests.contract.permission_table import (
    HELD,
    HELD_PAGES,
    IN_PROJECT,
    OPEN,
    OUTSIDE,
    PAGES,
    PUBLIC,
    THEN,
)
from tests.contract.worlds import PREFIX, World, bad_keys, make_world
from tests.support.factories import make_api
from tests.support.reference import judge_answer
from tests.support.shared_rows import Once

PATHS = [pytest.param(*r, id=" ".join(r)) for r in IN_PROJECT]
NAMING_OBJECTS = [pytest.param(*r, id=" ".join(r)) for r in IN_PROJECT if "{" in r[1]]
WRITES = [route for route in IN_PROJECT if route[0] != "GET"]


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def acme(once: Once) -> World:
    return once(lambda: make_world("acme"))


@pytest.fixture(scope="module")
def globex(once: Once) -> World:
    return once(lambda: make_world("globex"))


def ask(key: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send one request; an empty key is not sent at all."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    send = getattr(APIClient(), method.lower())
    answer = send(path, body, format="json", headers=headers)
    found = answer.json() if answer.content else None
    media = answer.headers.get("Content-Type")
    judge_answer(method, path, answer.status_code, media, found)
    return answer.status_code, found


# --- The table is whole ---------------------------------------------------------


def django_routes(
    resolver: URLResolver, prefix: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from django_routes(entry, path)
        else:
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), entry


def test_every_route_of_the_api_is_in_the_table() -> None:
    found: set[tuple[str, str]] = set()
    for path, entry in django_routes(get_resolver()):
        if path.startswith("/v1/"):
            actions: dict[str, str] = entry.callback.actions  # type: ignore[attr-defined]
            # Django REST framework adds HEAD beside GET when it is first used.
            found |= {(verb.upper(), path) for verb in actions if verb != "head"}

    expected = {(method, PREFIX + below) for method, below in IN_PROJECT}
    assert found == expected | set(OUTSIDE) | OPEN


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
    paths = {path for path, _ in django_routes(get_resolver())}

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


@pytest.mark.parametrize(("method", "below"), PATHS)
def test_nobody_gets_in_without_a_good_key(
    acme: World, method: str, below: str
) -> None:
    body = acme.body(IN_PROJECT[method, below])
    for kind, key in bad_keys(acme).items():
        status, answer = ask(key, method, acme.path(below), body)
        assert (kind, status) == (kind, 401)
        assert answer["code"] == "unauthorized"
    if method == "GET":
        assert ask("", "HEAD", acme.path(below))[0] == 401


@pytest.mark.parametrize(("method", "below"), PATHS)
def test_the_one_permission_is_needed_and_enough(
    acme: World, method: str, below: str
) -> None:
    rule = IN_PROJECT[method, below]
    path, body = acme.path(below), acme.body(rule)
    others = [p for p in type(rule.permission) if p is not rule.permission]

    for key in (acme.key(), acme.key(*others)):
        status, answer = ask(key, method, path, body)
        assert (status, answer["code"]) == (403, "permission_denied")
        assert answer["details"] == {"permission": rule.permission.value}
    status, answer = ask(acme.key(rule.permission), method, path, body)
    if (method, below) in THEN:
        assert status == THEN[method, below], answer
        missing = answer["details"].get("permission")
        assert missing != rule.permission.value
    else:
        assert status in range(200, 300), answer


@pytest.mark.parametrize(("method", "below"), PATHS)
def test_another_project_does_not_exist(
    acme: World, globex: World, method: str, below: str
) -> None:
    key = make_api(globex.project, role="Owner").key
    body = acme.body(IN_PROJECT[method, below])
    nowhere = acme.path(below).replace("/acme", "/nowhere")

    for path in (acme.path(below), nowhere):
        status, answer = ask(key, method, path, body)
        assert (status, answer["code"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "below"), NAMING_OBJECTS)
def test_objects_of_another_project_do_not_exist(
    acme: World, globex: World, method: str, below: str
) -> None:
    key = make_api(acme.project, role="Owner").key
    body = acme.body(IN_PROJECT[method, below])

    status, answer = ask(key, method, acme.path(below, globex.ids), body)

    assert (status, answer["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("below", "field", "name"),
    [
        ("/runs", "definition_id", "workflow"),
        ("/api-keys", "principal_id", "principal_id"),
        ("/role-assignments", "principal_id", "principal_id"),
    ],
)
def test_a_body_cannot_name_an_object_of_another_project(
    acme: World, globex: World, below: str, field: str, name: str
) -> None:
    key = make_api(acme.project, role="Owner").key
    rest = {"/api-keys": {"name": "k"}, "/role-assignments": {"role_name": "Viewer"}}
    body = {field: globex.ids[name], **rest.get(below, {})}

    status, answer = ask(key, "POST", acme.path(below), body)

    assert (status, answer["code"]) == (404, "not_found")


@pytest.mark.parametrize("below", ["/runs/cancellations", "/runs/retries"])
def test_a_batch_reports_runs_of_another_project_as_unknown(
    acme: World, globex: World, below: str
) -> None:
    key = make_api(acme.project, role="Owner").key
    theirs = globex.ids["run_id"]

    status, answer = ask(key, "POST", acme.path(below), {"run_ids": [theirs]})

    assert (status, answer["succeeded"]) == (200, [])
    assert answer["failures"] == {theirs: f"run {theirs} not found"}


def test_nobody_is_asked_about_another_projects_principal(
    acme: World, globex: World
) -> None:
    key = make_api(acme.project, role="Owner").key
    question = globex.body(IN_PROJECT["POST", "/interactions"])

    status, answer = ask(key, "POST", acme.path("/interactions"), question)

    assert (status, answer["code"]) in {(400, "bad_request"), (404, "not_found")}


@pytest.mark.parametrize(("method", "below"), PATHS)
def test_a_method_that_a_path_does_not_have_is_405(
    acme: World, method: str, below: str
) -> None:
    key = make_api(acme.project, role="Owner").key
    has = {verb for verb, path in IN_PROJECT if path == below}

    for other in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - has:
        status, answer = ask(key, other, acme.path(below))
        assert (other, status, answer["code"]) == (other, 405, "method_not_allowed")


def test_a_viewer_changes_nothing(acme: World) -> None:
    key = make_api(acme.project, role="Viewer").key

    for method, below in WRITES:
        body = acme.body(IN_PROJECT[method, below])
        status, _ = ask(key, method, acme.path(below), body)
        assert (method, below, status) == (method, below, 403)


def test_a_worker_works_and_reads_no_runs(acme: World) -> None:
    key = make_api(acme.project, role="Worker").key

    reports = [below for _, below in WRITES if below.startswith("/jobs/")]
    for below in reports:
        body = acme.body(IN_PROJECT["POST", below])
        assert ask(key, "POST", acme.path(below), body)[0] in (200, 201, 204)
    for below in ("/runs", "/workflows", "/interactions", "/api-keys"):
        assert ask(key, "GET", acme.path(below))[0] == 403


@pytest.mark.parametrize(("method", "path"), list(OUTSIDE))
def test_what_names_no_project_needs_a_good_key_and_its_permission(
    acme: World, method: str, path: str
) -> None:
    rule = OUTSIDE[method, path]
    others = [p for p in type(rule.permission) if p is not rule.permission]

    for key in bad_keys(acme).values():
        assert ask(key, method, path, rule.body)[0] == 401
    for key in (acme.key(), acme.key(*others)):
        status, answer = ask(key, method, path, rule.body)
        assert (status, answer["code"]) == (403, "permission_denied")
        assert answer["details"] == {"permission": rule.permission.value}
    allowed = acme.key(rule.permission)
    assert ask(allowed, method, path, rule.body)[0] in (200, 201)


def test_the_project_list_shows_a_key_its_own_project_only(
    acme: World, globex: World
) -> None:
    assert ask(acme.key(), "GET", "/v1/projects")[0] == 403

    status, answer = ask(
        make_api(acme.project, role="Viewer").key, "GET", "/v1/projects"
    )

    assert status == 200
    assert [item["handle"] for item in answer["items"]] == ["acme"]
