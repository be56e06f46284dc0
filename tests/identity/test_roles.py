"""Roles of a project's own, and the catalogue that they choose from."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project, Role
from apps.identity.permissions import (
    BUILT_IN_ROLES,
    CATALOGUE,
    OF_ORGANIZATION,
    Permission,
)
from tests.support.access import make_api_with
from tests.support.api import Api
from tests.support.factories import make_key, make_principal

AsRole = Callable[[str], Api]
Roles = dict[str, Role]
AUDITOR = {"name": "auditor", "permissions": ["mobius.run.view", "mobius.project.view"]}


def test_a_role_is_created_shown_changed_and_deleted(api: Api) -> None:
    made = api.post("roles", {**AUDITOR, "description": "Looks", "tags": {"a": "b"}})

    assert made.status_code == 201
    role = made.json()
    path = f"roles/{role['id']}"
    assert role["permissions"] == ["mobius.project.view", "mobius.run.view"]
    assert (role["system_defined"], role["tags"]) == (False, {"a": "b"})
    assert api.get(path).json() == role
    assert [one["name"] for one in api.get("roles?tag=a:b").json()["items"]] == [
        "auditor"
    ]
    changed = api.patch(path, {"description": "", "permissions": [], "tags": {}})
    assert changed.json()["permissions"] == []
    assert changed.json()["description"] == ""
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.delete(path).status_code == 404


def test_a_change_of_a_role_reaches_all_who_hold_it_with_the_next_request(
    api: Api, project: Project
) -> None:
    rita = make_principal(project, kind="human")
    client = Api("acme", make_key(rita))
    role = api.post("roles", {"name": "auditor", "permissions": []}).json()
    held = {"principal_id": rita.id, "role_id": role["id"]}
    given = api.post("role-assignments", held).json()
    assert given["granted_by"].startswith("prin_")
    assert api.get(f"role-assignments/{given['id']}").json() == given
    assert client.get("runs").status_code == 403

    api.patch(f"roles/{role['id']}", {"permissions": ["mobius.run.view"]})
    assert client.get("runs").status_code == 200
    api.delete(f"roles/{role['id']}")
    assert client.get("runs").status_code == 403
    assert api.get(f"role-assignments/{given['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "x"}, "permissions"),
        ({"permissions": []}, "name"),
        ({"name": "x", "permissions": ["mobius.king"]}, "permissions[0]"),
        ({"name": "x", "permissions": ["mobius.run.view", 7]}, "permissions[1]"),
        ({"name": "x", "permissions": [], "system_defined": True}, "system_defined"),
    ],
)
def test_a_role_that_cannot_be_is_refused_with_the_path(
    api: Api, body: dict[str, Any], path: str
) -> None:
    refused = api.post("roles", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == path


def test_a_name_is_taken_once_and_not_from_a_built_in_role(api: Api) -> None:
    assert api.post("roles", AUDITOR).status_code == 201
    assert api.post("roles", AUDITOR).status_code == 409
    assert api.post("roles", {**AUDITOR, "name": "Owner"}).status_code == 409


def test_built_in_roles_are_never_changed(api: Api, roles: Roles) -> None:
    path = f"roles/{roles['Viewer'].id}"

    assert api.get(path).json()["system_defined"] is True
    assert api.patch(path, {"description": "mine"}).status_code == 403
    assert api.delete(path).status_code == 403
    assert Role.objects.filter(name="Viewer").exists()


def test_nobody_makes_a_role_of_what_they_do_not_hold(project: Project) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE, Permission.PROJECT_VIEW)
    within = {"name": "looker", "permissions": ["mobius.project.view"]}

    assert keeper.post("roles", AUDITOR).status_code == 403
    made = keeper.post("roles", within)
    assert made.status_code == 201
    path = f"roles/{made.json()['id']}"
    assert (
        keeper.patch(path, {"permissions": AUDITOR["permissions"]}).status_code == 403
    )
    assert Role.objects.get(name="looker").permissions == ["mobius.project.view"]
    assert keeper.patch(path, {"description": "d"}).status_code == 200


def test_a_repeated_request_makes_one_role_and_gives_it_once(
    api: Api, project: Project
) -> None:
    header = {"Idempotency-Key": "r1"}
    first, again = (api.post("roles", AUDITOR, **header).json() for _ in range(2))
    held = {"principal_id": make_principal(project).id, "role_id": first["id"]}

    given = [
        api.post("role-assignments", held, **{"Idempotency-Key": "a1"})
        for _ in range(2)
    ]

    assert first == again
    assert [one.status_code for one in given] == [201, 201]
    assert given[0].json() == given[1].json()


def test_only_keepers_change_roles_and_strangers_find_none(
    api: Api, api_as: AsRole, stranger: Api
) -> None:
    path = f"roles/{api.post('roles', AUDITOR).json()['id']}"

    for name in ("Editor", "Operator", "Worker", "Viewer"):
        caller = api_as(name)
        assert caller.get(path).status_code == 200
        assert caller.get("permissions").status_code == 200
        assert caller.post("roles", {**AUDITOR, "name": "x"}).status_code == 403
        assert caller.patch(path, {"description": "d"}).status_code == 403
        assert caller.delete(path).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.patch(path, {"description": "d"}).status_code == 404
    assert stranger.delete(path).status_code == 404


# --- The catalogue ----------------------------------------------------------------


def test_the_catalogue_says_what_each_permission_means(api: Api) -> None:
    shown = api.get("permissions").json()

    assert [one["id"] for one in shown["items"]] == [p.value for p in CATALOGUE]
    for one in shown["items"]:
        assert set(one) == {
            *("id", "label", "description", "scope", "category", "risk"),
            *("assignable", "user_kinds"),
        }
    assert shown["permissions"] == shown["items"]
    assert [one["label"] for one in shown["presets"]] == list(BUILT_IN_ROLES)
    assert shown["action_groups"] == []


def test_every_permission_is_in_the_catalogue_in_known_words() -> None:
    assert set(CATALOGUE) == set(Permission)
    assert {one.risk for one in CATALOGUE.values()} <= {
        *("low", "medium", "high", "critical")
    }
    assert {one.scope for one in CATALOGUE.values()} <= {"project", "org"}
    assert {one.category for one in CATALOGUE.values()} <= {
        *("project", "access", "automations", "runs", "work", "integrations"),
        *("audit", "billing", "platform", "actions"),
    }


def test_only_owners_hold_what_reaches_beyond_the_project() -> None:
    assert Permission.ORG_PROJECTS_MANAGE in OF_ORGANIZATION
    for name, (_, allowed) in BUILT_IN_ROLES.items():
        assert bool(allowed & OF_ORGANIZATION) == (name == "Owner")
