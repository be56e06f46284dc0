"""Principals over HTTP: renamed, switched off and on, given other roles, deleted."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Principal, Project, Role
from apps.identity.permissions import Permission
from tests.support.access import make_api_with, make_role
from tests.support.api import Api
from tests.support.factories import make_key, make_principal
from tests.support.frozen import FrozenClock

AsRole = Callable[[str], Api]
Roles = dict[str, Role]


@pytest.fixture
def bot(project: Project) -> Principal:
    return make_principal(project, role="Viewer", name="bot")


def test_a_principal_is_a_service_unless_its_kind_is_named(
    api: Api, roles: Roles, bot: Principal
) -> None:
    body = {
        "name": "ci",
        "description": "Builds everything",
        "owner_id": bot.id,
        "metadata": {"repo": "acme/app", "depth": {"n": 1}},
        "tags": {"team": "ops"},
        "role_ids": [roles["Worker"].id],
        "role_names": ["Viewer"],
    }

    made = api.post("principals", body)

    assert made.status_code == 201
    shown = made.json()
    assert (shown["kind"], shown["state"]) == ("service", "active")
    assert {name: shown[name] for name in ("description", "owner_id", "metadata")} == {
        name: body[name] for name in ("description", "owner_id", "metadata")
    }
    assert sorted(shown["role_names"]) == ["Viewer", "Worker"]
    found = api.get("principals?tag=team:ops").json()["items"]
    assert [one["id"] for one in found] == [shown["id"]]


def test_a_disabled_principal_is_out_with_the_next_request_until_it_is_active(
    api: Api, bot: Principal, frozen: FrozenClock
) -> None:
    client = Api("acme", make_key(bot))
    path = f"principals/{bot.id}"
    assert client.get("runs").status_code == 200
    frozen.tick(minutes=1)

    off = api.patch(path, {"state": "disabled"})

    assert (off.status_code, off.json()["state"]) == (200, "disabled")
    assert off.json()["updated_at"] == "2026-05-04T12:01:00.000000Z"
    assert client.get("runs").status_code == 401
    assert api.patch(path, {"state": "active"}).json()["state"] == "active"
    assert client.get("runs").status_code == 200


def test_a_principal_is_renamed_and_described(
    api: Api, project: Project, bot: Principal
) -> None:
    make_principal(project, name="other")
    path = f"principals/{bot.id}"

    changed = api.patch(path, {"name": "robot", "description": "d", "metadata": {}})

    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["description"]) == ("robot", "d")
    assert api.get(path).json() == changed.json()
    assert api.patch(path, {"name": "other"}).status_code == 409


def test_the_roles_of_a_principal_are_replaced(
    api: Api, roles: Roles, bot: Principal
) -> None:
    before = bot.assignments.get()
    both = [roles["Viewer"].id, roles["Worker"].id]

    api.patch(f"principals/{bot.id}", {"role_ids": both})
    kept = bot.assignments.get(role=roles["Viewer"])
    emptied = api.patch(f"principals/{bot.id}", {"role_ids": []})

    assert kept.pk == before.pk
    assert emptied.json()["role_ids"] == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"state": "deleted"}, "state"),
        ({"owner_id": "prin_nobody"}, "owner_id"),
        ({"metadata": {"x": "y" * 20_000}}, "metadata"),
        ({"tags": {"mobius:x": "y"}}, "tags.mobius:x"),
        ({"kind": "human"}, "kind"),
        ({"name": ""}, "name"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_the_path(
    api: Api, bot: Principal, body: dict[str, Any], path: str
) -> None:
    refused = api.patch(f"principals/{bot.id}", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == path


def test_a_deleted_principal_stays_for_the_record_and_its_name_is_free(
    api: Api, bot: Principal, roles: Roles
) -> None:
    path = f"principals/{bot.id}"

    assert api.delete(path).status_code == 204

    assert api.get(path).json()["state"] == "deleted"
    assert api.delete(path).status_code == 404
    assert api.patch(path, {"state": "active"}).status_code == 409
    listed = api.get("principals?include_disabled=true").json()["items"]
    assert bot.id not in [one["id"] for one in listed]
    role = {"principal_id": bot.id, "role_name": "Viewer"}
    assert api.post("role-assignments", role).status_code == 409
    key = {"name": "k", "principal_id": bot.id, "allow_unassigned_principal": True}
    assert api.post("api-keys", key).status_code == 409
    again = api.post("principals", {"name": "bot"})
    assert again.status_code == 201
    assert again.json()["id"] != bot.id


def test_a_deleted_member_does_not_come_back(api: Api, project: Project) -> None:
    rita = make_principal(project, role="Viewer", kind="human", name="rita")
    api.delete(f"principals/{rita.id}")

    assert api.post("members", {"user_id": rita.id}).status_code == 404
    new = api.post("members", {"name": "rita", "role_names": ["Viewer"]})
    assert new.status_code == 201
    assert new.json()["id"] != rita.id


def test_a_principal_with_a_live_key_is_not_deleted(api: Api, bot: Principal) -> None:
    make_key(bot)
    key = bot.api_keys.get()

    refused = api.delete(f"principals/{bot.id}")

    assert (refused.status_code, refused.json()["code"]) == (409, "principal_has_keys")
    assert refused.json()["details"]["key_ids"] == [key.id]
    api.delete(f"api-keys/{key.id}")
    assert api.delete(f"principals/{bot.id}").status_code == 204


def test_who_holds_less_switches_off_but_not_on(
    project: Project, bot: Principal
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    path = f"principals/{bot.id}"

    assert keeper.patch(path, {"state": "disabled"}).status_code == 200
    assert keeper.patch(path, {"state": "disabled"}).status_code == 200
    refused = keeper.patch(path, {"state": "active"})
    assert refused.status_code == 403
    assert "mobius.run.view" in refused.json()["details"]["permissions"]
    bot.refresh_from_db()
    assert bot.disabled
    emptied = keeper.patch(path, {"role_ids": [], "state": "active"})
    assert emptied.json()["state"] == "active"


def test_nobody_gives_roles_above_themselves_by_a_change(
    project: Project, roles: Roles, bot: Principal
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    path = f"principals/{bot.id}"
    held = bot.assignments.get().role_id

    assert keeper.patch(path, {"role_ids": [roles["Owner"].id]}).status_code == 403
    assert bot.assignments.get().role_id == held
    none = make_role(project, name="none")
    assert keeper.patch(path, {"role_ids": [held, none.id]}).status_code == 200


def test_only_keepers_change_principals_and_strangers_find_none(
    api_as: AsRole, stranger: Api, bot: Principal
) -> None:
    path = f"principals/{bot.id}"

    for name in ("Editor", "Operator", "Worker", "Viewer"):
        assert api_as(name).patch(path, {"state": "disabled"}).status_code == 403
        assert api_as(name).delete(path).status_code == 403
    for prefix in ("", "/v1/projects/acme/"):
        assert stranger.patch(prefix + path, {"name": "x"}).status_code == 404
        assert stranger.delete(prefix + path).status_code == 404
    bot.refresh_from_db()
    assert (bot.disabled, bot.name) == (False, "bot")


# --- The same in the words of older clients ---------------------------------------


def test_a_service_account_is_a_machine_principal(api: Api, roles: Roles) -> None:
    body = {"name": "ci", "role_ids": [roles["Worker"].id], "tags": {"a": "b"}}

    made = api.post("service-accounts", body).json()

    assert (made["status"], made["purpose"]) == ("active", "api_client")
    assert made["role_ids"] == [roles["Worker"].id]
    assert made["user_id"] == made["id"]
    assert api.get(f"principals/{made['id']}").json()["kind"] == "service"
    assert api.get(f"service-accounts/{made['id']}").json() == made
    listed = api.get("service-accounts?tag=a:b").json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]


def test_the_account_of_an_agent_is_an_agent(api: Api) -> None:
    made = api.post("service-accounts", {"name": "harry", "purpose": "agent"}).json()
    api.post("service-accounts", {"name": "w", "purpose": "runtime_worker"})

    assert api.get(f"principals/{made['id']}").json()["kind"] == "agent"
    agents = api.get("service-accounts?purpose=agent").json()["items"]
    assert [one["name"] for one in agents] == ["harry"]
    refused = api.post("service-accounts", {"name": "s", "purpose": "system"})
    assert refused.json()["details"]["path"] == "purpose"


def test_a_service_account_is_switched_off_and_deleted(api: Api) -> None:
    made = api.post("service-accounts", {"name": "ci"}).json()
    path = f"service-accounts/{made['id']}"

    assert api.patch(path, {"status": "disabled"}).json()["status"] == "disabled"
    assert api.patch(path, {"name": "other"}).status_code == 400
    listed = api.get("service-accounts").json()["items"]
    assert made["id"] in [one["id"] for one in listed]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.patch(path, {"status": "active"}).status_code == 404


def test_people_are_no_service_accounts(api: Api, project: Project) -> None:
    rita = make_principal(project, kind="human")

    assert api.get(f"service-accounts/{rita.id}").status_code == 404
    assert api.delete(f"service-accounts/{rita.id}").status_code == 404


@pytest.mark.parametrize("path", ["principals", "service-accounts", "members"])
def test_a_repeated_request_creates_one(api: Api, roles: Roles, path: str) -> None:
    sent = [
        api.post(path, {"name": "once"}, **{"Idempotency-Key": "p1"}) for _ in range(2)
    ]

    assert [one.status_code for one in sent] == [201, 201]
    assert sent[0].json() == sent[1].json()
    assert Principal.objects.filter(name="once").count() == 1
