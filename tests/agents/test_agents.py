"""Agents over HTTP, and the principals they act as."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.agents.models import Agent
from apps.audit.models import AuditRecord
from apps.identity.models import Principal, Project, Role
from tests.agents.scenes import Body, api_of, make_agent, open_session, problems, say
from tests.support.api import Api
from tests.support.audit_log import write_audit_log

FULL: Body = {
    "name": "Ada",
    "external_ref": "crm:7",
    "description": "Answers questions about orders",
    "model": "any-1",
    "system_prompt": "Be short.",
    "tags": {"team": "sales"},
    "metadata": {"languages": ["en"]},
}


def test_an_agent_is_made_with_a_principal_of_its_own(
    api: Api, project: Project
) -> None:
    made = make_agent(api, **FULL)

    assert {name: made[name] for name in FULL} == FULL
    assert made["id"].startswith("agt_")
    assert made["status"] == "active"
    assert api.get(f"agents/{made['id']}").json() == made
    principal = Principal.objects.get(id=made["principal_id"])
    assert (principal.kind, principal.name) == ("agent", "agent:Ada")
    assert [a.role.name for a in principal.assignments.all()] == ["Agent"]
    agent = api_of(made, project.handle)
    assert agent.get("agents").json()["items"] == [made]
    assert agent.patch(f"agents/{made['id']}", {"model": "x"}).status_code == 403


def test_who_may_what(
    api: Api, api_as: Callable[[str], Api], stranger: Api, agent: Body
) -> None:
    path = f"agents/{agent['id']}"
    editor, viewer, worker = map(api_as, ("Editor", "Viewer", "Worker"))

    assert editor.post("agents", {"name": "second"}).status_code == 201
    assert editor.patch(path, {"model": "m"}).status_code == 200
    for method, where, body in (
        ("post", "agents", {"name": "third"}),
        ("patch", path, {"model": "n"}),
        ("delete", path, None),
    ):
        for caller, status in ((viewer, 403), (worker, 403)):
            assert caller.call(method, where, body).status_code == status
        elsewhere = f"/v1/projects/{api.project}/{where}"
        assert stranger.call(method, elsewhere, body).status_code == 404
    assert viewer.get(path).status_code == 200
    assert worker.get(path).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.delete(path).status_code == 404
    assert Agent.objects.get(id=agent["id"]).archived_at is None


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 64}, ["name"]),
        ({"name": " a"}, ["name"]),
        ({"name": "a", "principal_id": "prin_1"}, ["principal_id"]),
        ({"name": "a", "status": "asleep"}, ["status"]),
        ({"name": "a", "if_exists": "adopt"}, ["if_exists"]),
        ({"name": "a", "if_exists": "merge"}, ["if_exists"]),
        ({"name": "a", "description": "x" * 501}, ["description"]),
        ({"name": "a", "metadata": {"k": "x" * 16_384}}, ["metadata"]),
        ({"name": "a", "metadata": {"k": "\x00"}}, ["metadata"]),
        ({"name": "a", "tags": {"mobius:a": "b"}}, ["tags.mobius:a"]),
    ],
)
def test_what_is_wrong_with_an_agent_is_named(
    api: Api, body: Body, paths: list[str]
) -> None:
    assert problems(api.post("agents", body)) == paths
    assert not Agent.objects.exists()
    assert not Principal.objects.filter(kind="agent").exists()


def test_names_and_references_are_taken_once(api: Api) -> None:
    first = make_agent(api, **FULL)
    second = make_agent(api, "Bob", external_ref="crm:8")

    taken: list[tuple[Any, str]] = [
        (api.post("agents", {"name": "Ada"}), "conflict"),
        (
            api.post("agents", {"name": "Cy", "external_ref": "crm:7"}),
            "external_identity_conflict",
        ),
        (api.patch(f"agents/{second['id']}", {"name": "Ada"}), "conflict"),
        (
            api.patch(f"agents/{first['id']}", {"external_ref": "crm:9"}),
            "external_identity_conflict",
        ),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer, _ in taken] == [
        (409, code) for _, code in taken
    ]
    assert api.post("principals", {"name": "agent:Cy", "kind": "service"})
    assert api.post("agents", {"name": "Cy"}).json()["details"]["path"] == "name"
    assert Agent.objects.count() == 2


def test_adopting_gives_the_one_that_is_there_unchanged(api: Api) -> None:
    asked = {**FULL, "if_exists": "adopt"}
    first = api.post("agents", asked)

    again = api.post("agents", {**asked, "name": "Eve", "model": "other"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Principal.objects.filter(kind="agent").count() == 1


def test_a_change_replaces_what_it_names_and_renames_the_principal(api: Api) -> None:
    made = make_agent(api, **FULL)

    changed = api.patch(
        f"agents/{made['id']}", {"name": "Ada L", "tags": {}, "status": "inactive"}
    ).json()

    assert changed["updated_at"] > made["updated_at"]
    expected = {**made, "name": "Ada L", "tags": {}, "status": "inactive"}
    assert changed == {**expected, "updated_at": changed["updated_at"]}
    name = Principal.objects.get(id=made["principal_id"]).name
    assert name == "agent:Ada L"


def test_an_archived_agent_has_no_access_and_its_sessions_are_read(
    api: Api, agent: Body, session: Body, speaker: Api
) -> None:
    say(api, session, "Hello")

    assert api.delete(f"agents/{agent['id']}").status_code == 204
    assert api.delete(f"agents/{agent['id']}").status_code == 204

    assert speaker.get("agents").status_code == 401
    assert api.get("agents").json()["items"] == []
    (shown,) = api.get("agents?status=archived").json()["items"]
    assert shown["archived_at"]
    read = api.get(f"sessions/{session['id']}").json()
    assert (read["status"], read["message_count"]) == ("closed", 1)
    messages = api.get(f"sessions/{session['id']}/messages").json()["items"]
    assert [one["content"][0]["text"] for one in messages] == ["Hello"]
    for answer in (
        api.post("sessions", {"agent_id": agent["id"]}),
        api.patch(f"sessions/{session['id']}", {"status": "active"}),
        api.patch(f"agents/{agent['id']}", {"model": "m"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "agent_archived")
    assert make_agent(api)["id"] != agent["id"]


def test_an_inactive_agent_takes_nothing_new(
    api: Api, agent: Body, session: Body
) -> None:
    api.patch(f"agents/{agent['id']}", {"status": "inactive"})
    said = {"messages": [{"role": "user", "content": "Hello"}]}

    for answer in (
        api.post("sessions", {"agent_id": agent["id"]}),
        api.post(f"sessions/{session['id']}/messages", said),
        api.post(f"sessions/{session['id']}/previews", {"data": {}}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "agent_inactive")

    api.patch(f"agents/{agent['id']}", {"status": "active"})
    assert say(api, session, "Hello")["message_count"] == 1


def test_the_principal_of_an_agent_goes_only_with_it(api: Api, agent: Body) -> None:
    for path in ("principals", "service-accounts"):
        answer = api.delete(f"{path}/{agent['principal_id']}")
        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "principal_has_agent",
        )
    assert api.get(f"agents/{agent['id']}").status_code == 200


def test_lists_are_filtered_and_paged(api: Api) -> None:
    ada = make_agent(api, **FULL)
    bob = make_agent(api, "Bob")
    api.patch(f"agents/{bob['id']}", {"status": "inactive"})

    def names(query: str) -> list[str]:
        return [one["name"] for one in api.get(f"agents?{query}").json()["items"]]

    assert names("") == ["Bob", "Ada"]
    assert names("name=Ada") == ["Ada"]
    assert names("external_ref=crm:7&status=active") == ["Ada"]
    assert names(f"principal_id={ada['principal_id']}") == ["Ada"]
    assert names("status=inactive") == ["Bob"]
    assert names("tag=team:sales") == ["Ada"]
    assert problems(api.get("agents?status=busy")) == ["status"]
    page = api.get("agents?limit=1").json()
    assert page["has_more"]
    assert names(f"cursor={page['next_cursor']}") == ["Ada"]


def test_changes_of_agents_are_in_the_audit_log(api: Api, agent: Body) -> None:
    write_audit_log()
    api.patch(f"agents/{agent['id']}", {"system_prompt": "Be kind."})
    write_audit_log()
    api.delete(f"agents/{agent['id']}")
    write_audit_log()

    records = AuditRecord.objects.filter(resource_id=agent["id"]).order_by("number")
    assert [record.action for record in records] == ["create", "update", "archive"]
    assert records[1].changes["system_prompt"] == {"before": "", "after": "Be kind."}


def test_an_older_database_gets_the_role_with_its_first_agent(
    api: Api, project: Project
) -> None:
    assert not Role.objects.filter(name="Agent").exists()

    made = make_agent(api)

    session = open_session(api, made)
    speaker = api_of(made, project.handle)
    assert say(speaker, session, "Hi", role="agent")["last_sequence"] == 1
