"""The triggers block becomes triggers when a version becomes current."""

from datetime import timedelta
from typing import Any

import pytest

from apps.source_events.models import Listener
from apps.triggers.models import Trigger, TriggerFire
from tests.definitions.scenes import (
    automation,
    change,
    heard,
    hook,
    hourly,
    keyed,
    linear,
    loop,
    publish,
    published,
    rows_of,
    step,
    version,
)
from tests.support.api import Api
from tests.support.frozen import FrozenClock

TRIGGER_KEYS = {
    *("id", "org_id", "project_id", "automation_id", "name", "kind", "enabled"),
    *("config", "concurrency_policy", "max_concurrent_runs"),
    *("created_at", "updated_at"),
}
EVERY_KIND = (
    hourly(key="tick", name="Each hour", max_concurrent_runs=3),
    heard(key="paid", concurrency_policy="skip"),
    hook("deploy-now", key="deploy"),
    {"kind": "manual"},
)


def snapshot(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every column of the triggers of a definition."""
    rows = Trigger.objects.filter(workflow_id=definition["id"]).values()
    return {row["key"]: dict(row) for row in rows}


def test_publishing_makes_the_triggers_of_the_block(api: Api) -> None:
    automation(api)
    number = version(api, "nightly", linear(*EVERY_KIND, concurrency="queue"))
    assert api.get("automations/nightly").json()["triggers"] == []

    made = publish(api, "nightly", number)

    found = {each["name"]: each for each in made["triggers"]}
    shown = {
        name: (each["kind"], each["enabled"], each["concurrency_policy"])
        for name, each in found.items()
    }
    assert shown == {
        "Each hour": ("schedule", True, "queue"),
        "paid": ("event", True, "skip"),
        "deploy": ("http", True, "queue"),
        "manual-1": ("manual", True, "queue"),
    }
    assert found["Each hour"].keys() == TRIGGER_KEYS | {"next_fire_at"}
    assert found["Each hour"]["max_concurrent_runs"] == 3
    assert found["paid"].keys() == TRIGGER_KEYS | {"event_type"}
    assert found["paid"]["event_type"] == "custom.paid"
    assert found["manual-1"].keys() == TRIGGER_KEYS
    address = found["deploy"]
    assert address.keys() == TRIGGER_KEYS | {"http_handle", "signing_secret_set"}
    assert (address["http_handle"], address["signing_secret_set"]) == (
        "deploy-now",
        False,
    )
    assert {each["automation_id"] for each in made["triggers"]} == {made["id"]}
    assert api.get("automations").json()["items"][0]["triggers"] == made["triggers"]


def test_they_start_the_definition_itself(api: Api) -> None:
    made = loop(api, *EVERY_KIND)

    assert rows_of(made).keys() == {"tick", "paid", "deploy", "manual-1"}
    for row in rows_of(made).values():
        assert row.targets == [{"workflow_id": made["id"]}]
    assert Listener.objects.get().ref == rows_of(made)["paid"].id


def test_without_keys_names_and_kinds_tell_triggers_apart(api: Api) -> None:
    made = loop(
        api,
        hourly(name="Each Hour!"),
        hourly(),
        hourly(name="毎時"),
        hook(),
        {"kind": "webhook"},
    )

    rows = rows_of(made)
    assert rows.keys() == {
        *("each-hour", "schedule-2", "schedule-3"),
        *("webhook-1", "webhook-2"),
    }
    assert [rows[key].name for key in ("each-hour", "schedule-2", "schedule-3")] == [
        "Each Hour!",
        "schedule-2",
        "毎時",
    ]
    assert rows["webhook-1"].handle == rows["webhook-1"].id


def test_what_did_not_change_is_not_touched(api: Api, frozen: FrozenClock) -> None:
    made = loop(api, *EVERY_KIND)
    row = rows_of(made)["deploy"]
    api.patch(f"triggers/{row.id}", {"webhook_secret": "s"})
    before = snapshot(made)
    frozen.tick(minutes=90)

    change(api, f"loops/{made['id']}", steps=[step("b")])

    assert snapshot(made) == before
    again = change(api, f"loops/{made['id']}", triggers=[*EVERY_KIND, heard(key="x")])
    assert {**snapshot(again), "x": {}} == {**before, "x": {}}


def test_what_changed_is_changed_in_place(api: Api, frozen: FrozenClock) -> None:
    made = published(api, linear(*EVERY_KIND))
    before = rows_of(made)
    fired = api.post(f"triggers/{before['tick'].id}/fire")
    assert fired.status_code == 202
    frozen.tick(minutes=90)
    block = (
        {**EVERY_KIND[0], "config": {"interval": "2h"}},
        {**EVERY_KIND[1], "config": {"event_type": "custom.refund"}},
        hook("deploy-later", key="deploy", name="Deploy"),
        {"kind": "manual", "enabled": False},
    )

    publish(api, "nightly", version(api, "nightly", linear(*block)))

    after = rows_of(made)
    assert {key: row.id for key, row in after.items()} == {
        key: row.id for key, row in before.items()
    }
    assert after["tick"].source_config["interval"] == "2h"
    assert after["tick"].next_fire_at == before["tick"].created_at + timedelta(hours=2)
    assert TriggerFire.objects.filter(trigger_id=after["tick"].id).count() == 1
    assert Listener.objects.get().pattern == "custom.refund"
    assert (after["deploy"].handle, after["deploy"].name) == ("deploy-later", "Deploy")
    assert not after["manual-1"].enabled


def test_what_is_gone_from_the_block_is_deleted(api: Api) -> None:
    made = loop(api, *EVERY_KIND)
    gone = rows_of(made)["paid"]
    api.post(f"triggers/{gone.id}/fire")

    change(api, f"loops/{made['id']}", triggers=[EVERY_KIND[0]])

    assert rows_of(made).keys() == {"tick"}
    assert not TriggerFire.objects.filter(trigger_id=gone.id).exists()
    assert not Listener.objects.exists()
    assert api.get(f"triggers/{gone.id}").status_code == 404
    change(api, f"loops/{made['id']}", triggers=[])
    assert rows_of(made) == {}


def test_another_kind_under_the_same_key_is_another_trigger(api: Api) -> None:
    made = loop(api, hourly(key="k"))
    before = rows_of(made)["k"]

    change(api, f"loops/{made['id']}", triggers=[heard(key="k")])

    assert rows_of(made)["k"].id != before.id


def test_two_triggers_swap_their_addresses(api: Api) -> None:
    made = loop(api, hook("one-hook", key="a"), hook("two-hook", key="b"))

    block = [hook("two-hook", key="a"), hook("one-hook", key="b")]
    change(api, f"loops/{made['id']}", triggers=block)

    handles = {key: row.handle for key, row in rows_of(made).items()}
    assert handles == {"a": "two-hook", "b": "one-hook"}
    moved = [hook(key="a"), hook("two-hook", key="c")]
    change(api, f"loops/{made['id']}", triggers=moved)
    rows = rows_of(made)
    assert (rows["a"].handle, rows["c"].handle) == (rows["a"].id, "two-hook")


def test_an_address_that_is_taken_is_named_where_it_stands(
    api: Api, stranger: Api
) -> None:
    loop(stranger, hook("deploy-now"))
    automation(api)
    number = version(api, "nightly", linear(hourly(), hook("deploy-now")))

    refused = api.post(f"automations/nightly/versions/{number}/publication")
    assert refused.status_code == 409
    path = "spec.triggers[1].config.http_handle"
    assert refused.json()["details"]["path"] == path
    assert api.get("automations/nightly").json()["status"] == "draft"
    body = {"name": "a", "steps": [step()], "triggers": [hook("deploy-now")]}
    refused = api.post("loops", body)
    assert refused.status_code == 409
    assert refused.json()["details"]["path"] == "triggers[0].config.http_handle"
    assert api.get("triggers").json()["items"] == []


@pytest.mark.parametrize("how", ["pause", "retire"])
def test_triggers_go_off_only_while_the_definition_is_active(
    api: Api, frozen: FrozenClock, how: str
) -> None:
    block = (*EVERY_KIND, hourly(key="off", enabled=False))
    made = published(api, linear(*block))
    path = "automations/nightly"
    before = snapshot(made)
    if how == "pause":
        change(api, path, status="paused")
    else:
        api.delete(path)

    rows = rows_of(made)
    assert rows.keys() == before.keys()
    assert {row.enabled for row in rows.values()} == {False}
    assert rows["tick"].next_fire_at is None
    assert not Listener.objects.exists()
    fired = api.post("/v1/triggers/http/deploy-now", {})
    assert fired.status_code == 404

    frozen.tick(hours=5, minutes=30)
    change(api, path, status="active")

    rows = rows_of(made)
    on = {key: row.enabled for key, row in rows.items()}
    assert on == {key: key != "off" for key in before}
    assert rows["tick"].next_fire_at == frozen.at + timedelta(minutes=30)
    assert {row.id for row in rows.values()} == {row["id"] for row in before.values()}
    assert Listener.objects.get().ref == rows["paid"].id


def test_what_is_published_while_paused_waits(api: Api) -> None:
    made = published(api, linear(hourly()))
    change(api, "automations/nightly", status="paused")

    publish(api, "nightly", version(api, "nightly", linear(heard(), hourly())))

    assert {row.enabled for row in rows_of(made).values()} == {False}
    change(api, "automations/nightly", status="active")
    assert {row.enabled for row in rows_of(made).values()} == {True}


def test_the_triggers_of_a_deleted_loop_are_off_and_keep_their_history(
    api: Api,
) -> None:
    made = loop(api, *EVERY_KIND)
    ids = {row.id for row in rows_of(made).values()}
    api.post(f"triggers/{rows_of(made)['tick'].id}/fire")

    api.delete(f"loops/{made['id']}")

    assert {row.id for row in rows_of(made).values()} == ids
    assert {row.enabled for row in rows_of(made).values()} == {False}
    assert TriggerFire.objects.count() == 1
    taken = api.post("loops", {"name": "b", "steps": [step()], "triggers": [hook()]})
    assert taken.status_code == 201


def test_publishing_an_earlier_version_brings_its_triggers_back(api: Api) -> None:
    made = published(api, linear(hourly(key="a"), heard(key="b")))
    spec = linear(hourly(key="a"), steps=[keyed("b")])
    publish(api, "nightly", version(api, "nightly", spec))
    assert rows_of(made).keys() == {"a"}

    publish(api, "nightly", 1)

    assert rows_of(made).keys() == {"a", "b"}
