"""The life of a loop: steps inline, versions that nobody sees, deletion."""

from typing import Any

import pytest

from apps.workflows.models import Workflow, WorkflowVersion
from tests.definitions.scenes import change, hourly, loop, problems, step
from tests.support.api import Api

ALWAYS = {"id", "name", "status", "owner", "tags", "created_at", "updated_at"}


def versions(made: dict[str, Any]) -> list[tuple[int, str]]:
    rows = WorkflowVersion.objects.filter(workflow_id=made["id"]).order_by("version")
    return list(rows.values_list("version", "status"))


def test_a_loop_without_steps_is_a_draft(api: Api) -> None:
    answer = api.post("loops", {"name": "Watch", "schema_version": "1"})

    made = answer.json()
    assert answer.status_code == 201
    assert made.keys() == ALWAYS
    assert (made["status"], versions(made)) == ("draft", [])
    assert api.get(f"loops/{made['id']}").json() == made
    assert api.get("loops").json() == {"items": [made], "has_more": False}


def test_a_loop_with_steps_is_active_and_shown_as_it_was_sent(api: Api) -> None:
    authored = {
        "schema_version": "1",
        "event": {"amount": {"type": "number", "required": True}},
        "config": {"days": {"type": "number", "default": 3}},
        "concurrency": "skip",
        "triggers": [hourly(key="tick", enabled=False)],
        "repositories": [{"full_name": "acme/api", "id": 7, "push": False}],
        "steps": [step("a"), step("b", retry={"max_attempts": 2, "delay": "1s"})],
        "output": {"sum": 1},
        "limits": {"budget_usd": 2.5, "wall_clock_timeout": "1h30m"},
        "defaults": {"environment": {"disabled": True}},
        "run_name": {"template": "watch"},
    }
    plain = {
        "description": "Watches",
        "agent_id": "agt_1",
        "default_config": {"days": 4},
        "settings": {"a": 1},
        "tags": {"team": "ops"},
    }

    made = loop(api, **authored, **plain)

    assert made.keys() == ALWAYS | authored.keys() | plain.keys()
    assert {field: made[field] for field in authored} == authored
    assert {field: made[field] for field in plain} == plain
    assert (made["status"], versions(made)) == ("active", [(1, "published")])
    assert api.get(f"loops/{made['id']}").json() == made
    assert api.get("loops").json()["items"] == [made]


@pytest.mark.parametrize("sent", ["1", "2", None])
def test_the_schema_version_is_echoed_as_it_was_sent(
    api: Api, sent: str | None
) -> None:
    more = {"schema_version": sent} if sent else {}

    made = loop(api, **more)

    assert made.get("schema_version") == sent


def test_steps_make_a_draft_active(api: Api) -> None:
    made = api.post("loops", {"name": "Watch"}).json()
    path = f"loops/{made['id']}"

    assert api.patch(path, {"status": "active"}).json()["code"] == "not_published"
    assert problems(api.patch(path, {"concurrency": "skip"})).keys() == {"steps"}
    changed = change(api, path, steps=[step()])

    assert (changed["status"], changed["steps"]) == ("active", [step()])
    assert versions(made) == [(1, "published")]


def test_one_authoring_field_changes_the_rest_stays(api: Api) -> None:
    made = loop(api, hourly(), concurrency="skip", schema_version="1")
    path = f"loops/{made['id']}"

    changed = change(api, path, concurrency="queue", schema_version="1")

    assert changed == made | {
        "concurrency": "queue",
        "updated_at": changed["updated_at"],
    }
    assert versions(made) == [(1, "superseded"), (2, "published")]


def test_what_says_the_same_makes_no_version(api: Api) -> None:
    made = loop(api, schema_version="1")
    path = f"loops/{made['id']}"

    assert change(api, path, steps=[step()], schema_version="1") == made
    assert change(api, path, schema_version="1") == made
    plain = {
        "name": "Other",
        "description": "d",
        "settings": {"a": 1},
        "tags": {"a": "b"},
        "default_config": {"c": 2},
        "agent_id": "agt_2",
    }
    changed = change(api, path, **plain, schema_version="1")

    assert {field: changed[field] for field in plain} == plain
    assert versions(made) == [(1, "published")]


def test_a_paused_loop_stays_paused_when_its_steps_change(api: Api) -> None:
    made = loop(api)
    path = f"loops/{made['id']}"

    assert change(api, path, status="paused")["status"] == "paused"
    assert change(api, path, steps=[step("b")])["status"] == "paused"
    assert api.patch(path, {"status": "draft"}).status_code == 409
    both = change(api, path, steps=[step("c")], status="active")
    assert (both["status"], both["steps"]) == ("active", [step("c")])
    assert versions(made)[-1] == (3, "published")


def test_a_deleted_loop_is_gone_and_its_name_is_free(api: Api) -> None:
    made = loop(api)
    path = f"loops/{made['id']}"

    assert api.delete(path).status_code == 204

    for answer in (api.get(path), api.patch(path, {"name": "x"}), api.delete(path)):
        assert answer.status_code == 404
    assert api.get("loops").json()["items"] == []
    assert loop(api)["name"] == made["name"]
    assert Workflow.objects.get(id=made["id"]).status == "deleted"
    assert versions(made) == [(1, "published")]


def test_a_name_is_taken_once(api: Api, stranger: Api) -> None:
    made = loop(api)

    again = api.post("loops", {"name": "Watch"})
    assert (again.status_code, again.json()["details"]["path"]) == (409, "name")
    other = api.post("loops", {"name": "Other"}).json()
    renamed = api.patch(f"loops/{other['id']}", {"name": "Watch"})
    assert (renamed.status_code, renamed.json()["details"]["path"]) == (409, "name")
    assert loop(stranger)["name"] == made["name"]


def test_the_list_has_filters_and_pages(api: Api) -> None:
    first = loop(api, name="a", agent_id="agt_1")
    second = api.post("loops", {"name": "b"}).json()
    third = loop(api, name="c")
    change(api, f"loops/{third['id']}", status="paused")

    page = api.get("loops?limit=2").json()
    rest = api.get(f"loops?limit=2&cursor={page['next_cursor']}").json()
    names = [item["name"] for item in page["items"] + rest["items"]]
    assert names == ["c", "b", "a"]
    for query, found in (
        ("status=active", first),
        ("status=draft", second),
        ("agent_id=agt_1", first),
    ):
        ids = [item["id"] for item in api.get(f"loops?{query}").json()["items"]]
        assert ids == [found["id"]]
    for query in ("status=deleted", "status=archived", "cursor=x", "limit=0"):
        assert api.get(f"loops?{query}").status_code == 400


def test_the_same_key_creates_once(api: Api) -> None:
    body = {"name": "Watch", "steps": [step()]}
    once = {"Idempotency-Key": "k1"}

    made, again = (api.post("loops", body, **once) for _ in range(2))

    assert made.json() == again.json()
    assert Workflow.objects.count() == 1


@pytest.mark.parametrize("field", ["handle", "status", "org_id", "default_inputs"])
def test_a_new_loop_has_only_the_fields_of_loops(api: Api, field: str) -> None:
    assert field in problems(api.post("loops", {"name": "a", field: "x"}))
