"""Projects, principals, roles and who holds what."""

from collections.abc import Callable

import pytest

from apps.identity.actor import OPERATOR
from apps.identity.models import Principal, Project, Role, RoleAssignment
from apps.identity.permissions import BUILT_IN_ROLES, Permission
from apps.identity.services.assign_role import assign_role
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles
from apps.kernel.errors import NotFound
from tests.support.access import make_api_with, make_role
from tests.support.api import Api
from tests.support.factories import make_key, make_principal, make_project
from tests.support.frozen import NOON

AsRole = Callable[[str], Api]
Roles = dict[str, Role]


def test_a_key_sees_the_one_project_it_lives_in(
    api: Api, stranger: Api, project: Project
) -> None:
    page = api.get("/v1/projects").json()

    assert [row["id"] for row in page["items"]] == [project.id]
    assert page["has_more"] is False
    assert api.get("/v1/projects/acme").json() == page["items"][0]
    assert api.get(f"/v1/projects/{project.id}").json()["handle"] == "acme"
    assert stranger.get("/v1/projects/acme").status_code == 404
    assert stranger.get(f"/v1/projects/{project.id}").status_code == 404


def test_the_list_of_projects_needs_the_permission_and_a_key(project: Project) -> None:
    nobody = Api("acme", make_key(make_principal(project)))

    assert nobody.get("/v1/projects").status_code == 403
    assert Api("acme", "mbx_no").get("/v1/projects").status_code == 401


def test_a_principal_is_created_with_its_roles(api: Api, roles: Roles) -> None:
    body = {
        "name": "rita",
        "kind": "human",
        "email": "rita@example.com",
        "role_names": ["Operator", "Viewer", "Operator"],
    }

    response = api.post("principals", body)

    assert response.status_code == 201
    created = response.json()
    assert created["id"].startswith("prin_")
    assert created["state"] == "active"
    assert sorted(created["role_names"]) == ["Operator", "Viewer"]
    assert api.get(f"principals/{created['id']}").json() == created


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"kind": "human"}, "name"),
        ({"name": "x", "kind": "system"}, "kind"),
        ({"name": "x", "kind": "human", "email": "rita"}, "email"),
        ({"name": "x", "kind": "human", "role_names": "Viewer"}, "role_names"),
        ({"name": "x", "kind": "human", "admin": True}, "admin"),
    ],
)
def test_a_principal_that_cannot_be_is_refused_with_the_path(
    api: Api, body: dict[str, object], path: str
) -> None:
    response = api.post("principals", body)

    assert response.status_code == 400
    assert response.json()["details"]["path"] == path


def test_an_unknown_role_leaves_no_principal_behind(api: Api, roles: Roles) -> None:
    body = {"name": "x", "kind": "human", "role_names": ["Viewer", "King"]}

    assert api.post("principals", body).status_code == 404
    assert not Principal.objects.filter(name="x").exists()


def test_the_name_of_a_principal_is_taken_once(api: Api) -> None:
    body = {"name": "rita", "kind": "human"}

    assert api.post("principals", body).status_code == 201
    assert api.post("principals", body).status_code == 409


def test_principals_are_listed_by_kind_and_without_the_disabled(
    api: Api, project: Project
) -> None:
    human = make_principal(project, kind="human")
    gone = make_principal(project, kind="human")
    Principal.objects.filter(pk=gone.pk).update(disabled=True)

    def ids(path: str) -> list[str]:
        return [row["id"] for row in api.get(path).json()["items"]]

    assert ids("principals?kind=human") == [human.id]
    assert ids("principals?kind=human&include_disabled=true") == [gone.id, human.id]


def test_nobody_creates_a_principal_above_themselves(
    project: Project, roles: Roles
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    body = {"name": "up", "kind": "agent", "role_names": ["Viewer"]}

    assert keeper.post("principals", body).status_code == 403
    assert not Principal.objects.filter(name="up").exists()


def test_a_role_is_given_by_name_or_id_and_taken_away(
    api: Api, project: Project, roles: Roles
) -> None:
    rita = make_principal(project, kind="human")
    client = Api("acme", make_key(rita))
    assert client.get("roles").status_code == 403

    given = api.post(
        "role-assignments", {"principal_id": rita.id, "role_name": "Viewer"}
    )
    assert given.status_code == 201
    assert given.json()["role_id"] == roles["Viewer"].id
    assert client.get("roles").status_code == 200

    again = api.post(
        "role-assignments", {"principal_id": rita.id, "role_id": roles["Viewer"].id}
    )
    assert again.status_code == 409

    listed = api.get(f"role-assignments?principal_id={rita.id}").json()["items"]
    assert [row["id"] for row in listed] == [given.json()["id"]]
    assert api.delete(f"role-assignments/{given.json()['id']}").status_code == 204
    assert client.get("roles").status_code == 403
    assert api.delete(f"role-assignments/{given.json()['id']}").status_code == 404


@pytest.mark.parametrize("named", [{}, {"role_id": "role_x", "role_name": "Viewer"}])
def test_a_role_is_named_in_exactly_one_way(
    api: Api, project: Project, named: dict[str, str]
) -> None:
    body = {"principal_id": make_principal(project).id, **named}

    response = api.post("role-assignments", body)

    assert response.status_code == 400
    assert response.json()["details"]["path"] == "role_id"


def test_nobody_gives_a_role_that_allows_more_than_they_hold(
    project: Project, roles: Roles
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE, Permission.PROJECT_VIEW)
    rita = make_principal(project)
    within = make_role(project, Permission.PROJECT_VIEW, name="looker")

    def give(role: Role) -> int:
        body = {"principal_id": rita.id, "role_id": role.id}
        return int(keeper.post("role-assignments", body).status_code)

    assert give(roles["Operator"]) == 403
    assert not RoleAssignment.objects.filter(principal=rita).exists()
    assert give(within) == 201


def test_the_roles_and_principals_of_others_do_not_exist(
    api: Api, stranger: Api, project: Project
) -> None:
    globex = Project.objects.get(handle="globex")
    theirs = make_role(globex, Permission.PROJECT_VIEW, name="theirs")
    rita, eve = make_principal(project), make_principal(globex)
    held = rita.assignments.create(
        role=make_role(project, name="ours"), created_at=NOON
    )

    def give(principal: Principal, role: Role) -> int:
        body = {"principal_id": principal.id, "role_id": role.id}
        return int(api.post("role-assignments", body).status_code)

    assert (give(rita, theirs), give(eve, held.role)) == (404, 404)
    assert api.get(f"principals/{eve.id}").status_code == 404
    assert stranger.delete(f"role-assignments/{held.id}").status_code == 404
    assert "theirs" not in [row["name"] for row in api.get("roles").json()["items"]]
    with pytest.raises(NotFound):
        assign_role(rita, theirs, by=OPERATOR, now=NOON)


def test_everybody_with_a_view_reads_and_only_keepers_write(
    api_as: AsRole, project: Project, roles: Roles
) -> None:
    rita = make_principal(project)
    for name in ("Editor", "Operator", "Worker", "Viewer"):
        caller = api_as(name)
        for path in (
            "principals",
            f"principals/{rita.id}",
            "roles",
            "role-assignments",
        ):
            assert caller.get(path).status_code == 200
        given = {"principal_id": rita.id, "role_name": name}
        assert caller.post("role-assignments", given).status_code == 403
        body = {"name": "x", "kind": "agent"}
        assert caller.post("principals", body).status_code == 403


def test_the_built_in_roles_follow_the_catalogue(roles: Roles) -> None:
    Role.objects.filter(pk=roles["Worker"].pk).update(permissions=[])
    Role.objects.filter(pk=roles["Viewer"].pk).delete()

    after = ensure_built_in_roles(now=NOON)

    assert set(after) == set(BUILT_IN_ROLES)
    assert after["Worker"].pk == roles["Worker"].pk
    for name, (_, permissions) in BUILT_IN_ROLES.items():
        assert set(Role.objects.get(name=name, project=None).permissions) == permissions


def test_the_roles_of_a_project_are_the_built_in_ones_and_its_own(
    api: Api, project: Project, roles: Roles
) -> None:
    make_role(project, Permission.RUN_VIEW, name="auditor")
    make_role(make_project("initech"), name="foreign")

    rows = api.get("roles").json()["items"]

    assert {row["name"] for row in rows} == {*BUILT_IN_ROLES, "auditor"}
    own = [row for row in rows if "project_id" in row]
    assert [row["name"] for row in own] == ["auditor"]
    assert own[0]["permissions"] == ["mobius.run.view"]
    assert own[0]["system_defined"] is False
