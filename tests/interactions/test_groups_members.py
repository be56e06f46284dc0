"""Who belongs to a group, over HTTP: joining, leaving, and who cannot."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import GroupMember
from apps.kernel.ids import IdKind, new_id
from tests.support.api import Api
from tests.support.factories import make_principal, make_project


@pytest.fixture
def editor(api_as: Callable[[str], Api]) -> Api:
    """Somebody who may form groups."""
    return api_as("Editor")


@pytest.fixture
def team(editor: Api) -> dict[str, Any]:
    """A group that nobody is in yet."""
    made = editor.post("groups", {"name": "Finance Team", "description": "Signs off"})
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


@pytest.fixture
def nora(project: Project) -> Principal:
    """A member of the project."""
    return make_principal(project, role="Operator", kind="human", name="nora")


def test_people_and_agents_join_and_leave(
    editor: Api, team: dict[str, Any], nora: Principal, project: Project
) -> None:
    agent = make_principal(project, kind="agent", name="triage")

    joined = editor.post("groups/finance-team/members", {"user_id": nora.id})
    editor.post(f"groups/{team['id']}/members", {"user_id": agent.id})

    assert joined.status_code == 201
    body = joined.json()
    assert body["id"].startswith("gmem_")
    assert (body["group_id"], body["user_id"]) == (team["id"], nora.id)
    assert (body["name"], body["kind"]) == ("nora", "human")
    assert body["added_by"].startswith("prin_")
    listed = editor.get("groups/finance-team/members").json()
    assert [one["user_id"] for one in listed["items"]] == [agent.id, nora.id]
    assert listed["has_more"] is False
    assert editor.get("groups/finance-team").json()["member_count"] == 2
    assert editor.get("groups").json()["items"][0]["member_count"] == 2

    path = f"groups/finance-team/members/{nora.id}"
    assert editor.delete(path).status_code == 204
    assert editor.delete(path).status_code == 404
    assert editor.get("groups/finance-team").json()["member_count"] == 1


def test_joining_twice_is_409(
    editor: Api, team: dict[str, Any], nora: Principal
) -> None:
    editor.post("groups/finance-team/members", {"user_id": nora.id})

    refused = editor.post("groups/finance-team/members", {"user_id": nora.id})

    assert refused.status_code == 409
    assert refused.json()["message"] == (
        "nora belongs to the group finance-team already"
    )
    assert GroupMember.objects.count() == 1


def test_a_service_cannot_be_asked_so_it_does_not_join(
    editor: Api, team: dict[str, Any], project: Project
) -> None:
    robot = make_principal(project, kind="service", name="robot")

    refused = editor.post("groups/finance-team/members", {"user_id": robot.id})

    assert refused.status_code == 400
    assert refused.json()["details"]["fields"] == [
        {
            "path": "user_id",
            "message": "expected a person or an agent, robot is a service",
        }
    ]


def test_who_is_disabled_does_not_join_and_counts_nowhere(
    editor: Api, team: dict[str, Any], nora: Principal
) -> None:
    editor.post("groups/finance-team/members", {"user_id": nora.id})
    nora.disabled = True
    nora.save()
    editor.post("groups", {"name": "Other"})

    assert editor.get("groups/finance-team").json()["member_count"] == 0
    assert editor.get("groups/finance-team/members").json()["items"] == []
    assert editor.get(f"members/{nora.id}/groups").status_code == 404
    refused = editor.post("groups/other/members", {"user_id": nora.id})
    assert refused.status_code == 400
    assert "nora is disabled or removed" in refused.json()["message"]


def test_nobody_of_another_project_joins(editor: Api, team: dict[str, Any]) -> None:
    foreign = make_principal(make_project("initech"), kind="human")

    for user_id in (foreign.id, new_id(IdKind.PRINCIPAL)):
        refused = editor.post("groups/finance-team/members", {"user_id": user_id})
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_a_member_knows_its_groups(
    editor: Api, nora: Principal, project: Project
) -> None:
    for name in ("zoo", "ants", "bees"):
        editor.post("groups", {"name": name})
    for name in ("zoo", "ants"):
        editor.post(f"groups/{name}/members", {"user_id": nora.id})

    found = editor.get(f"members/{nora.id}/groups")

    assert found.status_code == 200
    assert [one["handle"] for one in found.json()["items"]] == ["ants", "zoo"]
    unknown = editor.get(f"members/{new_id(IdKind.PRINCIPAL)}/groups")
    assert unknown.status_code == 404


def test_a_removed_member_is_in_no_group_and_comes_back_to_none(
    editor: Api, api: Api, team: dict[str, Any], nora: Principal
) -> None:
    editor.post("groups/finance-team/members", {"user_id": nora.id})

    assert api.delete(f"members/{nora.id}").status_code == 204
    assert api.post("members", {"user_id": nora.id}).status_code == 201

    assert not GroupMember.objects.exists()
    assert editor.get(f"members/{nora.id}/groups").json() == {
        "items": [],
        "has_more": False,
    }
