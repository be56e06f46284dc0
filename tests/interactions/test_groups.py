"""Groups over HTTP: who may see them, who may form them, what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Group, GroupMember, Interaction
from apps.kernel import clock
from apps.kernel.ids import IdKind, new_id
from tests.support.api import Api
from tests.support.factories import make_api, make_principal, make_project


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


def questions_to(group_id: str, project: Project, **fields: Any) -> Interaction:
    """A question that asks a group."""
    now = clock.now()
    return Interaction.objects.create(
        **{
            "project_id": project.id,
            "type": "approval",
            "message": "Is it good?",
            "target_type": "group",
            "target_id": group_id,
            "created_at": now,
            "updated_at": now,
            **fields,
        }
    )


def test_a_group_gets_a_handle_from_its_name_and_the_first_answer_counts(
    editor: Api, team: dict[str, Any]
) -> None:
    assert team["id"].startswith("grp_")
    assert (team["handle"], team["routing_policy"]) == (
        "finance-team",
        "first_responder",
    )
    assert team["description"] == "Signs off"
    assert team["created_at"] == team["updated_at"]
    assert "member_count" not in team
    for name in (team["id"], team["handle"]):
        found = editor.get(f"groups/{name}")
        assert found.status_code == 200
        assert found.json() == {**team, "member_count": 0}


def test_a_group_may_choose_handle_and_policy(editor: Api) -> None:
    body = {"name": "Board", "handle": "the-board", "routing_policy": "all_members"}

    made = editor.post("groups", body).json()

    assert (made["handle"], made["routing_policy"]) == ("the-board", "all_members")
    assert "description" not in made


@pytest.mark.parametrize(
    "body", [{"name": "finance team!"}, {"name": "Other", "handle": "finance-team"}]
)
def test_a_second_group_of_one_handle_is_409(
    editor: Api, team: dict[str, Any], body: dict[str, Any]
) -> None:
    refused = editor.post("groups", body)

    assert refused.status_code == 409
    assert refused.json()["details"]["handle"] == "finance-team"
    assert Group.objects.count() == 1


def test_another_project_may_use_the_handle(
    team: dict[str, Any], stranger: Api
) -> None:
    assert stranger.post("groups", {"name": "Finance Team"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "Ω"}, "name"),
        ({"name": "x", "handle": "No Good"}, "handle"),
        ({"name": "x", "handle": "x" * 64}, "handle"),
        ({"name": "x", "routing_policy": "loudest"}, "routing_policy"),
        ({"name": "x", "description": 7}, "description"),
        ({"name": "x", "members": []}, "members"),
    ],
)
def test_a_malformed_group_is_400_that_names_the_field(
    editor: Api, body: dict[str, Any], path: str
) -> None:
    refused = editor.post("groups", body)

    assert refused.status_code == 400
    assert [one["path"] for one in refused.json()["details"]["fields"]] == [path]
    assert not Group.objects.exists()


def test_a_creation_with_one_idempotency_key_happens_once(editor: Api) -> None:
    key = {"Idempotency-Key": "once"}

    first = editor.post("groups", {"name": "Board"}, **key)
    again = editor.post("groups", {"name": "Board"}, **key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_a_group_changes_but_for_its_handle(editor: Api, team: dict[str, Any]) -> None:
    changed = editor.patch(
        "groups/finance-team",
        {"name": "Money", "description": "", "routing_policy": "all_members"},
    )

    assert changed.status_code == 200
    body = changed.json()
    assert (body["name"], body["routing_policy"]) == ("Money", "all_members")
    assert body["handle"] == "finance-team"
    assert "description" not in body
    assert body["updated_at"] > team["updated_at"]
    refused = editor.patch("groups/finance-team", {"handle": "money"})
    assert refused.status_code == 400
    assert refused.json()["details"]["fields"] == [
        {"path": "handle", "message": "never changes"}
    ]


def test_a_change_that_changes_nothing_leaves_the_instant_alone(
    editor: Api, team: dict[str, Any]
) -> None:
    same = editor.patch("groups/finance-team", {"name": "Finance Team"})

    assert same.json() == team


def test_groups_are_listed_newest_first_in_pages(editor: Api) -> None:
    for number in range(3):
        editor.post("groups", {"name": f"g{number}"})

    page = editor.get("groups?limit=2").json()
    rest = editor.get(f"groups?limit=2&cursor={page['next_cursor']}").json()

    assert [one["handle"] for one in page["items"]] == ["g2", "g1"]
    assert ([one["handle"] for one in rest["items"]], rest["has_more"]) == (
        ["g0"],
        False,
    )
    assert page["items"][0]["member_count"] == 0


def test_a_deleted_group_is_gone_with_its_memberships(
    editor: Api, team: dict[str, Any], nora: Principal
) -> None:
    editor.post("groups/finance-team/members", {"user_id": nora.id})

    assert editor.delete("groups/finance-team").status_code == 204

    assert editor.get("groups/finance-team").status_code == 404
    assert editor.delete("groups/finance-team").status_code == 404
    assert not GroupMember.objects.exists()


@pytest.mark.parametrize("status", ["pending", "in_review"])
def test_a_group_that_questions_wait_for_is_400_in_use(
    editor: Api, team: dict[str, Any], project: Project, status: str
) -> None:
    questions_to(team["id"], project, status=status)
    questions_to(
        team["id"], project, status=status, expires_at=clock.now() + timedelta(hours=1)
    )

    refused = editor.delete("groups/finance-team")

    assert (refused.status_code, refused.json()["code"]) == (400, "group_in_use")
    assert refused.json()["details"] == {
        "group_id": team["id"],
        "pending_interactions": 2,
    }
    assert "asked by 2 pending interactions" in refused.json()["message"]
    assert editor.get("groups/finance-team").status_code == 200


@pytest.mark.parametrize("named", ["id", "handle"])
@pytest.mark.parametrize("column", ["targets", "escalation"])
def test_a_group_that_is_asked_among_others_or_later_is_in_use_too(
    editor: Api, team: dict[str, Any], project: Project, column: str, named: str
) -> None:
    targets = [{"type": "user", "id": "u"}, {"type": "group", "id": team[named]}]
    value = {"targets": targets, "escalation": [{"after": 60, "targets": targets}]}
    questions_to("u", project, target_type="user", **{column: value[column]})

    refused = editor.delete("groups/finance-team")

    assert (refused.status_code, refused.json()["code"]) == (400, "group_in_use")


def test_questions_that_are_over_or_ask_others_hold_no_group(
    editor: Api, team: dict[str, Any], project: Project
) -> None:
    now = clock.now()
    questions_to(team["id"], project, status="completed", completed_at=now)
    questions_to(team["id"], project, status="cancelled")
    questions_to(team["id"], project, expires_at=now - timedelta(seconds=1))
    questions_to(new_id(IdKind.GROUP), project)
    questions_to(team["id"], project, target_type="user")
    others = [{"type": "user", "id": team["id"]}, {"type": "group", "id": "other"}]
    questions_to("u", project, target_type="user", targets=others)
    foreign = make_project("initech")
    questions_to("x", foreign, targets=[{"type": "group", "id": "finance-team"}])

    assert editor.delete("groups/finance-team").status_code == 204


def test_everybody_looks_and_only_editors_change(
    api_as: Callable[[str], Api], team: dict[str, Any], nora: Principal
) -> None:
    reads = ("groups", "groups/finance-team", "groups/finance-team/members")
    for name in ("Viewer", "Operator"):
        caller = api_as(name)
        for path in (*reads, f"members/{nora.id}/groups"):
            assert caller.get(path).status_code == 200
        for refused in (
            caller.post("groups", {"name": "x"}),
            caller.patch("groups/finance-team", {"name": "x"}),
            caller.delete("groups/finance-team"),
            caller.post("groups/finance-team/members", {"user_id": nora.id}),
            caller.delete(f"groups/finance-team/members/{nora.id}"),
        ):
            assert refused.status_code == 403
            assert refused.json()["details"] == {"permission": "mobius.group.manage"}
    worker = api_as("Worker")
    assert worker.get("groups").json()["details"] == {"permission": "mobius.group.view"}


def test_a_stranger_finds_no_group(
    stranger: Api, team: dict[str, Any], nora: Principal, project: Project
) -> None:
    theirs = make_api(project, role="Admin")
    theirs.post("groups/finance-team/members", {"user_id": nora.id})
    for name in (team["id"], team["handle"]):
        for answer in (
            stranger.get(f"groups/{name}"),
            stranger.patch(f"groups/{name}", {"name": "x"}),
            stranger.delete(f"groups/{name}"),
            stranger.get(f"groups/{name}/members"),
            stranger.post(f"groups/{name}/members", {"user_id": nora.id}),
            stranger.delete(f"groups/{name}/members/{nora.id}"),
        ):
            assert answer.status_code == 404
    assert stranger.get(f"members/{nora.id}/groups").status_code == 404
    assert stranger.get("groups").json()["items"] == []
    assert GroupMember.objects.count() == 1
