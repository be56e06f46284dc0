"""Members over HTTP: who they are, and how they come."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.identity.models import Principal, Project, Role
from apps.identity.permissions import Permission
from apps.identity.services.bootstrap import bootstrap
from apps.kernel import clock
from apps.kernel.ids import IdKind, new_id
from tests.support.access import make_api_with
from tests.support.api import Api
from tests.support.factories import make_key, make_principal
from tests.support.frozen import FrozenClock

AsRole = Callable[[str], Api]


@pytest.fixture
def rita(project: Project, roles: dict[str, Role]) -> Principal:
    """A member."""
    return make_principal(project, role="Operator", kind="human", name="rita")


def test_the_guides_reviewer_is_found_among_the_members(db: None) -> None:
    first = bootstrap(organization="acme", project="acme", now=clock.now())
    assert first.api_key is not None

    (member,) = Api("acme", first.api_key).get("members").json()["items"]

    assert member["id"] == member["user_id"] == first.reviewer_id
    assert (member["name"], member["kind"]) == ("demo-member", "human")
    assert (member["email"], member["username"]) == ("demo@example.com", "demo")
    assert member["roles"] == ["Operator"]


def test_only_people_who_were_not_removed_are_members(
    api: Api, project: Project, rita: Principal
) -> None:
    for kind in ("service", "agent", "system"):
        make_principal(project, kind=kind)
    gone = make_principal(project, kind="human")
    api.delete(f"members/{gone.id}")

    assert [one["id"] for one in api.get("members").json()["items"]] == [rita.id]
    assert api.get(f"members/{rita.id}").json()["project_id"] == project.id
    assert api.get(f"members/{gone.id}").status_code == 404
    robot = Principal.objects.filter(kind="service").first()
    assert robot is not None
    assert api.get(f"members/{robot.id}").status_code == 404
    assert api.get(f"/v1/projects/{project.id}/members").status_code == 200


def test_members_come_in_pages_newest_first(
    api: Api, roles: dict[str, Role], frozen: FrozenClock
) -> None:
    for name in ("ann", "bob", "cid"):
        api.post("members", {"name": name})
        frozen.tick(seconds=1)

    page = api.get("members?limit=2").json()
    rest = api.get(f"members?limit=2&cursor={page['next_cursor']}").json()

    assert [one["name"] for one in page["items"]] == ["cid", "bob"]
    assert [one["name"] for one in rest["items"]] == ["ann"]


def test_a_new_member_is_an_operator_unless_roles_are_named(
    api: Api, roles: dict[str, Role], frozen: FrozenClock
) -> None:
    nora = api.post("members", {"name": "nora", "email": "nora@example.com"})
    mute = api.post("members", {"name": "mute", "role_names": []})
    both = api.post("members", {"name": "both", "role_names": ["Viewer", "Editor"]})

    assert nora.status_code == 201
    made = nora.json()
    assert made["id"].startswith("prin_")
    assert (made["roles"], made["email"]) == (["Operator"], "nora@example.com")
    assert made["added_at"] == made["created_at"]
    assert "username" not in made
    assert mute.json()["roles"] == []
    assert both.json()["roles"] == ["Editor", "Viewer"]
    assert api.get(f"members/{made['id']}").json() == made
    assert api.get(f"principals/{made['id']}").json()["kind"] == "human"


def test_a_member_signs_in_with_the_account_that_is_named(
    api: Api, roles: dict[str, Role], rita: Principal
) -> None:
    account = User.objects.create_user("nora")
    User.objects.create_user("asleep", is_active=False)

    made = api.post("members", {"name": "nora", "username": "nora"})

    assert made.json()["username"] == "nora"
    assert Principal.objects.get(pk=made.json()["id"]).user == account
    taken = api.post("members", {"name": "other", "username": "nora"})
    assert taken.status_code == 409
    assert taken.json()["message"] == "account nora belongs to nora"
    for username in ("asleep", "nobody"):
        refused = api.post("members", {"name": "other", "username": username})
        assert refused.status_code == 400
        assert refused.json()["details"]["path"] == "username"
    assert not Principal.objects.filter(name="other").exists()


@pytest.mark.parametrize("by", ["user_id", "name"])
def test_who_is_a_member_already_is_200_and_stays_as_it_is(
    api: Api, rita: Principal, by: str
) -> None:
    Principal.objects.filter(pk=rita.pk).update(email="rita@example.com")
    body = {
        "user_id": {"user_id": rita.id},
        "name": {"name": "rita", "email": "Rita@example.com"},
    }[by]
    before = api.get(f"members/{rita.id}").json()

    again = api.post("members", {**body, "role_names": ["Viewer"]})

    assert again.status_code == 200
    assert again.json() == before
    assert before["roles"] == ["Operator"]


def test_the_name_of_somebody_else_is_409(
    api: Api, project: Project, rita: Principal
) -> None:
    make_principal(project, name="robot")

    for body in (
        {"name": "robot"},
        {"name": "rita", "email": "another@example.com"},
    ):
        refused = api.post("members", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "user_id"),
        ({"name": "x", "user_id": "prin_1"}, "user_id"),
        ({"user_id": "prin_1", "email": "x@example.com"}, "email"),
        ({"name": "x", "email": "nowhere"}, "email"),
        ({"name": "x" * 129}, "name"),
        ({"name": "x", "role_names": "Viewer"}, "role_names"),
        ({"name": "x", "kind": "human"}, "kind"),
    ],
)
def test_a_malformed_member_is_400_that_names_the_field(
    api: Api, body: dict[str, Any], path: str
) -> None:
    refused = api.post("members", body)

    assert refused.status_code == 400
    assert path in [one["path"] for one in refused.json()["details"]["fields"]]
    assert not Principal.objects.filter(kind="human").exists()


def test_only_a_person_of_this_project_becomes_a_member(
    api: Api, project: Project, stranger: Api
) -> None:
    robot = make_principal(project, name="robot")
    foreign = Principal.objects.exclude(project=project).get()

    refused = api.post("members", {"user_id": robot.id})

    assert refused.status_code == 400
    assert refused.json()["message"] == (
        "user_id: expected a person, robot is a service"
    )
    for user_id in (foreign.id, new_id(IdKind.PRINCIPAL)):
        assert api.post("members", {"user_id": user_id}).status_code == 404


def test_nobody_gives_a_member_more_than_they_hold(
    api: Api, roles: dict[str, Role], project: Project, rita: Principal
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    Principal.objects.filter(pk=rita.pk).update(disabled=True)

    for body in (
        {"name": "nora"},
        {"name": "nora", "role_names": ["Owner"]},
        {"user_id": rita.id},
    ):
        refused = keeper.post("members", body)
        assert refused.status_code == 403
        assert refused.json()["details"]["permissions"]

    assert not Principal.objects.filter(name="nora").exists()
    rita.refresh_from_db()
    assert rita.disabled
    assert keeper.post("members", {"name": "x", "role_names": []}).status_code == 201
    unknown = api.post("members", {"name": "nora", "role_names": ["King"]})
    assert unknown.status_code == 404


def test_everybody_reads_and_only_keepers_change(
    api_as: AsRole, rita: Principal, roles: dict[str, Role]
) -> None:
    for name in ("Editor", "Operator", "Viewer", "Worker"):
        caller = api_as(name)
        assert caller.get("members").status_code == 200
        assert caller.get(f"members/{rita.id}").status_code == 200
        for refused in (
            caller.post("members", {"name": "x"}),
            caller.patch(f"members/{rita.id}", {"role_names": []}),
            caller.delete(f"members/{rita.id}"),
        ):
            assert refused.status_code == 403
            assert refused.json()["details"] == {"permission": "mobius.access.manage"}
    assert api_as("Owner").delete(f"members/{rita.id}").status_code == 204


def test_a_stranger_finds_no_member(stranger: Api, rita: Principal) -> None:
    assert stranger.get(f"members/{rita.id}").status_code == 404
    assert stranger.delete(f"members/{rita.id}").status_code == 404
    assert stranger.patch(f"members/{rita.id}", {"role_names": []}).status_code == 404
    assert stranger.post("members", {"user_id": rita.id}).status_code == 404
    assert stranger.get("/v1/projects/acme/members").status_code == 404
    assert stranger.get("members").json()["items"] == []
    rita.refresh_from_db()
    assert not rita.disabled


def test_a_member_gets_other_roles_and_keeps_what_stays(
    api: Api, roles: dict[str, Role], rita: Principal
) -> None:
    kept = rita.assignments.get().pk
    hers = Api("acme", make_key(rita))
    path = f"members/{rita.id}"

    more = api.patch(path, {"role_names": ["Operator", "Editor"]})

    assert more.status_code == 200
    assert more.json()["roles"] == ["Editor", "Operator"]
    assert rita.assignments.filter(pk=kept).exists()
    by_id = api.patch(path, {"role_ids": [roles["Viewer"].id]})
    assert by_id.json()["roles"] == ["Viewer"]
    assert hers.post("runs", {}).json()["details"] == {"permission": "mobius.run.start"}
    assert api.patch(path, {"role_names": []}).json()["roles"] == []
    assert api.patch(path, {}).json()["details"]["path"] == "role_names"
    assert api.patch(path, {"role_names": ["King"]}).status_code == 404


def test_nobody_promotes_a_member_above_themselves(
    roles: dict[str, Role], project: Project, rita: Principal
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    path = f"members/{rita.id}"

    assert keeper.patch(path, {"role_names": ["Owner"]}).status_code == 403
    assert rita.assignments.get().role == roles["Operator"]
    assert keeper.patch(path, {"role_names": []}).status_code == 200
    assert keeper.patch(path, {"role_names": ["Operator"]}).status_code == 403
