"""The life of an automation: draft, versions, publication, pause, archive."""

from typing import Any

import pytest

from apps.identity.models import Project
from tests.definitions.scenes import (
    automation,
    change,
    keyed,
    linear,
    problems,
    publish,
    published,
    version,
)
from tests.support.api import Api

ALWAYS = {
    *("id", "org_id", "project_id", "handle", "name", "status", "owner"),
    *("latest_version", "triggers", "tags", "created_at", "updated_at"),
}
VERSION_KEYS = {
    *("id", "org_id", "project_id", "automation_id", "version", "status", "spec"),
    *("created_by", "created_at"),
}


def test_an_automation_begins_as_a_draft_without_versions(
    api: Api, project: Project
) -> None:
    made = automation(api)

    assert made.keys() == ALWAYS
    assert made["id"].startswith("aut_")
    assert (made["status"], made["latest_version"]) == ("draft", 0)
    assert (made["org_id"], made["project_id"]) == (project.organization_id, project.id)
    assert (made["triggers"], made["tags"]) == ([], {})
    assert api.get("automations/nightly").json() == made
    assert api.get(f"automations/{made['id']}").json() == made
    assert api.get("automations").json() == {"items": [made], "has_more": False}


def test_every_field_that_is_sent_is_shown(api: Api) -> None:
    sent: dict[str, Any] = {
        "description": "Cleans up",
        "default_agent_id": "agt_1",
        "default_inputs": {"days": 3},
        "settings": {"colour": "red"},
        "tags": {"team": "ops"},
    }

    made = automation(api, **sent)

    assert made.keys() == ALWAYS | sent.keys()
    assert {field: made[field] for field in sent} == sent
    changed = change(
        api, "automations/nightly", name="Daily", default_inputs={"days": 4}, tags={}
    )
    assert (changed["name"], changed["default_inputs"]) == ("Daily", {"days": 4})
    assert (changed["settings"], changed["tags"]) == ({"colour": "red"}, {})
    assert changed["updated_at"] > made["updated_at"]


def test_a_change_that_changes_nothing_leaves_the_automation_alone(api: Api) -> None:
    made = automation(api, description="x")

    same = {"name": "Nightly", "description": "x", "status": "draft"}
    assert change(api, "automations/nightly", **same) == made


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "n"}, "handle"),
        ({"handle": "h"}, "name"),
        ({"name": "n", "handle": "No Spaces"}, "handle"),
        ({"name": "n", "handle": "h", "org_id": "org_1"}, "org_id"),
        ({"name": "n", "handle": "h", "status": "active"}, "status"),
        ({"name": "n", "handle": "h", "default_inputs": []}, "default_inputs"),
        ({"name": "n", "handle": "h", "tags": {"a": 1}}, "tags.a"),
    ],
)
def test_what_is_wrong_with_a_new_automation_is_named(
    api: Api, body: dict[str, Any], path: str
) -> None:
    assert path in problems(api.post("automations", body))


def test_a_handle_is_taken_once_and_stays(api: Api) -> None:
    automation(api)

    again = api.post("automations", {"name": "Other", "handle": "nightly"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert again.json()["details"]["path"] == "handle"
    assert automation(api, "weekly")["name"] == "Nightly"
    assert "handle" in problems(api.patch("automations/weekly", {"handle": "x"}))

    api.delete("automations/nightly")
    still = api.post("automations", {"name": "Other", "handle": "nightly"})
    assert still.status_code == 409


def test_a_version_is_a_draft_until_it_is_published(api: Api) -> None:
    automation(api)
    spec = linear(name="nightly", concurrency="skip")

    answer = api.post("automations/nightly/versions", {"spec": spec})

    made = answer.json()
    assert answer.status_code == 201, made
    assert made.keys() == VERSION_KEYS
    assert (made["version"], made["status"], made["spec"]) == (1, "draft", spec)
    assert made["id"].startswith("ver_")
    assert api.get("automations/nightly/versions/1").json() == made
    shown = api.get("automations/nightly").json()
    assert (shown["status"], shown["latest_version"]) == ("draft", 1)
    assert "published_version" not in shown


def test_publishing_supersedes_the_version_before(api: Api) -> None:
    first = published(api)
    assert (first["status"], first["published_version"]) == ("active", 1)

    assert version(api, "nightly", linear(steps=[keyed("b")])) == 2
    assert api.get("automations/nightly").json()["published_version"] == 1
    second = publish(api, "nightly", 2)

    assert (second["latest_version"], second["published_version"]) == (2, 2)
    listed = api.get("automations/nightly/versions").json()
    assert listed.keys() == {"items"}
    found = [(item["version"], item["status"]) for item in listed["items"]]
    assert found == [(2, "published"), (1, "superseded")]
    assert all(item.keys() == VERSION_KEYS for item in listed["items"])


def test_publishing_again_changes_nothing(api: Api) -> None:
    first = published(api)

    assert publish(api, "nightly", 1) == first


def test_an_earlier_version_can_be_published_again(api: Api) -> None:
    published(api)
    publish(api, "nightly", version(api, "nightly"))

    back = publish(api, "nightly", 1)

    assert (back["latest_version"], back["published_version"]) == (2, 1)
    items = api.get("automations/nightly/versions").json()["items"]
    assert [item["status"] for item in items] == ["superseded", "published"]


def test_a_plan_that_comes_with_a_version_is_kept(api: Api) -> None:
    automation(api)
    plan = {"nodes": [1, 2]}

    made = api.post(
        "automations/nightly/versions", {"spec": linear(), "compiled_plan": plan}
    ).json()

    assert made.keys() == VERSION_KEYS | {"compiled_plan"}
    assert made["compiled_plan"] == plan


def test_versions_that_are_not_there_are_404(api: Api) -> None:
    published(api)

    for number in ("2", "0", "x", "-1", "99999999999999999999"):
        path = f"automations/nightly/versions/{number}"
        assert api.get(path).status_code == 404
        assert api.post(f"{path}/publication").status_code == 404
    for path in ("automations/other", "automations/other/versions"):
        assert api.get(path).status_code == 404
    body = {"spec": linear()}
    assert api.post("automations/other/versions", body).status_code == 404


def test_what_is_not_published_is_neither_active_nor_paused(api: Api) -> None:
    automation(api)
    version(api, "nightly")

    for status in ("active", "paused"):
        answer = api.patch("automations/nightly", {"status": status})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_published")
    assert "status" in problems(api.patch("automations/nightly", {"status": "off"}))


def test_what_is_published_is_paused_and_goes_on_but_is_no_draft(api: Api) -> None:
    published(api)

    assert change(api, "automations/nightly", status="paused")["status"] == "paused"
    assert publish(api, "nightly", version(api, "nightly"))["status"] == "paused"
    assert change(api, "automations/nightly", status="active")["status"] == "active"
    assert api.patch("automations/nightly", {"status": "draft"}).status_code == 409


def test_an_archived_automation_is_hidden_and_kept(api: Api) -> None:
    published(api)
    automation(api, "weekly")

    assert api.delete("automations/nightly").status_code == 204
    assert api.delete("automations/nightly").status_code == 204

    shown = api.get("automations/nightly").json()
    assert shown.keys() == ALWAYS | {"published_version", "archived_at"}
    assert shown["status"] == "archived"
    handles = [item["handle"] for item in api.get("automations").json()["items"]]
    assert handles == ["weekly"]
    assert api.get("automations?status=archived").json()["items"] == [shown]
    for path in ("versions", "versions/1/publication"):
        refused = api.post(f"automations/nightly/{path}", {"spec": linear()})
        assert (refused.status_code, refused.json()["code"]) == (409, "archived")


def test_an_archived_automation_comes_back(api: Api) -> None:
    published(api)
    api.delete("automations/nightly")

    back = change(api, "automations/nightly", status="active")

    assert back["status"] == "active"
    assert "archived_at" not in back
    draft = automation(api, "weekly")
    assert change(api, "automations/weekly", status="archived")["archived_at"]
    assert change(api, "automations/weekly", status="draft")["status"] == "draft"
    assert draft["latest_version"] == 0


def test_the_list_has_filters_and_pages(api: Api) -> None:
    for handle in ("a", "b", "c"):
        automation(api, handle)
    publish(api, "b", version(api, "b"))

    first = api.get("automations?limit=2").json()
    rest = api.get(f"automations?limit=2&cursor={first['next_cursor']}").json()
    handles = [item["handle"] for item in first["items"] + rest["items"]]
    assert handles == ["c", "b", "a"]
    active = api.get("automations?status=active").json()["items"]
    assert [item["handle"] for item in active] == ["b"]
    for query in ("status=deleted", "cursor=x", "limit=0"):
        assert api.get(f"automations?{query}").status_code == 400


def test_the_same_key_creates_and_publishes_once(api: Api) -> None:
    once = {"Idempotency-Key": "k1"}
    body = {"name": "Nightly", "handle": "nightly"}

    made, again = (api.post("automations", body, **once) for _ in range(2))

    assert (made.status_code, made.json()) == (again.status_code, again.json())
    for _ in range(2):
        spec = {"spec": linear()}
        key = {"Idempotency-Key": "k2"}
        assert api.post("automations/nightly/versions", spec, **key).status_code == 201
        key = {"Idempotency-Key": "k3"}
        path = "automations/nightly/versions/1/publication"
        assert api.post(path, **key).status_code == 200
    assert api.get("automations/nightly").json()["latest_version"] == 1


def test_definitions_of_one_dialect_are_not_found_as_another(api: Api) -> None:
    made = automation(api)
    loop = api.post("loops", {"name": "Watch"}).json()

    assert api.get(f"loops/{made['id']}").status_code == 404
    assert api.get("workflows/nightly").status_code == 404
    assert api.get(f"automations/{loop['id']}").status_code == 404
    assert api.get("workflows").json()["items"] == []
