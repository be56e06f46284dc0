"""The endpoints of triggers: what is kept, what is refused, who may."""

from collections.abc import Callable

import pytest

from apps.source_events.models import Listener
from apps.triggers.models import TriggerFire
from tests.support.api import Api
from tests.triggers.scenes import create, row, workflow


def test_a_trigger_is_shown_with_every_default(api: Api, build: str) -> None:
    body = {
        "name": "nightly",
        "kind": "schedule",
        "source_config": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"},
        "targets": [{"workflow_id": "build", "input_mapping": {"sha": "main"}}],
    }

    answer = api.post("triggers", body)

    made = answer.json()
    assert answer.status_code == 201, made
    assert made["id"].startswith("trg_")
    assert {name: made[name] for name in ("name", "kind", "enabled")} == {
        "name": "nightly",
        "kind": "schedule",
        "enabled": True,
    }
    assert made["source_config"] == {
        "cron": "0 3 * * *",
        "timezone": "Europe/Berlin",
        "missed": "latest",
    }
    assert made["targets"] == [{"workflow_id": build, "input_mapping": {"sha": "main"}}]
    assert made["concurrency_policy"] == "allow"
    assert made["next_fire_at"] > made["created_at"]
    assert "webhook_handle" not in made
    assert "last_fire_at" not in made
    assert api.get(f"triggers/{made['id']}").json() == made
    assert api.get("triggers").json()["items"] == [made]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("http", "webhook"), ("webhook", "webhook"), ("manual", "manual")],
)
def test_the_words_of_later_dialects_are_understood(
    api: Api, sent: str, shown: str
) -> None:
    made = create(api, sent, concurrency_policy="skip")

    assert (made["kind"], made["concurrency_policy"]) == (shown, "forbid")
    assert made["max_concurrent_runs"] == 1
    assert len(api.get(f"triggers?kind={sent}").json()["items"]) == 1


def test_the_list_has_filters_and_pages(api: Api, build: str) -> None:
    target = [{"workflow_id": build}]
    one, two, three = (
        create(api, "manual", name=name, targets=target, enabled=enabled)
        for name, enabled in (("one", True), ("two", False), ("three", True))
    )

    first = api.get("triggers?limit=2").json()
    rest = api.get(f"triggers?limit=2&cursor={first['next_cursor']}").json()
    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert ids == [three["id"], two["id"], one["id"]]
    assert len(api.get("triggers?enabled=true").json()["items"]) == 2
    assert len(api.get("triggers?enabled=false&kind=manual").json()["items"]) == 1
    assert api.get("triggers?kind=event").json()["items"] == []
    for query in ("kind=cron", "enabled=perhaps", "cursor=x", "limit=0"):
        assert api.get(f"triggers?{query}").status_code == 400


def test_a_name_is_taken_once_and_a_handle_once_everywhere(
    api: Api, stranger: Api
) -> None:
    create(api, "webhook", name="hook", webhook_handle="deploy-now")
    target = [{"workflow_id": workflow(stranger)}]
    theirs = {"name": "hook", "kind": "http", "targets": target}

    again = api.post(
        "triggers",
        {**theirs, "targets": [{"workflow_id": "w-hook"}]},
    )
    taken = stranger.post("triggers", {**theirs, "webhook_handle": "deploy-now"})

    assert (again.status_code, again.json()["details"]["path"]) == (409, "name")
    assert (taken.status_code, taken.json()["details"]["path"]) == (
        409,
        "webhook_handle",
    )
    assert stranger.post("triggers", theirs).status_code == 201


def test_a_change_replaces_targets_as_a_whole_and_leaves_the_rest(
    api: Api, build: str
) -> None:
    made = create(api, "schedule", source_config={"interval": "1h"})

    changed = api.patch(
        f"triggers/{made['id']}",
        {"targets": [{"workflow_id": build}], "max_concurrent_runs": 3},
    ).json()

    assert changed["targets"] == [{"workflow_id": build}]
    for kept in ("name", "source_config", "next_fire_at", "enabled", "created_at"):
        assert changed[kept] == made[kept]
    assert changed["updated_at"] > made["updated_at"]
    assert row(made).max_concurrent_runs == 3


def test_a_trigger_leaves_with_its_fires_and_its_runs_stay(api: Api) -> None:
    made = create(api)
    run_id = api.post(f"triggers/{made['id']}/fire").json()["run_id"]

    assert api.delete(f"triggers/{made['id']}").status_code == 204

    for gone in ("", "/fires"):
        assert api.get(f"triggers/{made['id']}{gone}").status_code == 404
    assert api.post(f"triggers/{made['id']}/fire").status_code == 404
    assert TriggerFire.objects.count() == Listener.objects.count() == 0
    assert api.get(f"runs/{run_id}").json()["trigger_id"] == made["id"]


@pytest.mark.parametrize(
    ("role", "reads", "fires", "writes"),
    [
        ("Owner", 200, 202, 201),
        ("Editor", 200, 202, 201),
        ("Operator", 200, 202, 403),
        ("Viewer", 200, 403, 403),
        ("Worker", 403, 403, 403),
    ],
)
def test_teammates_read_fire_and_write_as_their_role_allows(
    api: Api,
    api_as: Callable[[str], Api],
    build: str,
    role: str,
    reads: int,
    fires: int,
    writes: int,
) -> None:
    made = create(api, targets=[{"workflow_id": build}])
    teammate, path = api_as(role), f"triggers/{made['id']}"
    body = {"name": "theirs", "kind": "manual", "targets": [{"workflow_id": build}]}

    for each in ("triggers", path, f"{path}/fires"):
        assert teammate.get(each).status_code == reads
    assert teammate.post(f"{path}/fire").status_code == fires
    assert teammate.post("triggers", body).status_code == writes
    expected = {201: (200, 204)}.get(writes, (403, 403))
    changed = teammate.patch(path, {"enabled": False}).status_code
    assert (changed, teammate.delete(path).status_code) == expected


def test_strangers_see_no_trigger(api: Api, stranger: Api) -> None:
    made = create(api)
    path = f"triggers/{made['id']}"

    assert stranger.get("triggers").json()["items"] == []
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}/fires").status_code == 404
    assert stranger.post(f"{path}/fire").status_code == 404
    assert stranger.patch(path, {"enabled": False}).status_code == 404
    assert stranger.delete(path).status_code == 404
    theirs = {"name": "x", "kind": "manual", "targets": made["targets"]}
    assert stranger.post("triggers", theirs).status_code == 400
