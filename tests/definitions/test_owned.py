"""Triggers of a block beside the others: seen there, defined here; and who may."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project
from apps.identity.permissions import Permission
from tests.definitions.scenes import (
    automation,
    heard,
    hook,
    linear,
    loop,
    publish,
    rows_of,
    step,
    version,
)
from tests.support.access import make_api_with
from tests.support.api import Api

OTHER_CHANGES: list[dict[str, Any]] = [
    {"name": "x"},
    {"enabled": False},
    {"source_config": {}},
    {"concurrency_policy": "forbid"},
    {"webhook_handle": "another"},
    {"name": "x", "webhook_secret": "s"},
]


def test_they_are_listed_with_their_definition_and_key(api: Api) -> None:
    made = loop(api, hook(key="deploy"))
    body = {"name": "alone", "kind": "manual", "targets": [{"workflow_id": made["id"]}]}
    api.post("triggers", body)

    alone, owned = api.get("triggers").json()["items"]

    assert (owned["workflow_id"], owned["key"]) == (made["id"], "deploy")
    assert not {"workflow_id", "key"} & alone.keys()
    assert api.get(f"triggers/{owned['id']}").json() == owned


@pytest.mark.parametrize("changes", OTHER_CHANGES)
def test_they_are_changed_where_they_are_defined(
    api: Api, changes: dict[str, Any]
) -> None:
    made = loop(api, hook(key="deploy"))
    (row,) = rows_of(made).values()

    refused = api.patch(f"triggers/{row.id}", changes)

    assert (refused.status_code, refused.json()["code"]) == (409, "defined_elsewhere")
    assert refused.json()["details"] == {"workflow_id": made["id"], "key": "deploy"}
    (after,) = rows_of(made).values()
    assert after.updated_at == row.updated_at


def test_they_are_neither_retargeted_nor_deleted(api: Api) -> None:
    made = loop(api, hook(key="deploy"))
    (row,) = rows_of(made).values()

    targets = {"targets": [{"workflow_id": made["id"], "queue": "slow"}]}
    assert api.patch(f"triggers/{row.id}", targets).status_code == 409
    assert api.delete(f"triggers/{row.id}").status_code == 409
    assert rows_of(made).keys() == {"deploy"}


def test_their_secret_is_set_where_all_secrets_are(api: Api) -> None:
    automation(api)
    publish(api, "nightly", version(api, "nightly", linear(hook("deploy-now"))))
    (shown,) = api.get("automations/nightly").json()["triggers"]

    answer = api.patch(f"triggers/{shown['id']}", {"webhook_secret": "s"})

    assert (answer.status_code, answer.json()["has_webhook_secret"]) == (200, True)
    (after,) = api.get("automations/nightly").json()["triggers"]
    assert after["signing_secret_set"] is True
    assert api.post("/v1/triggers/http/deploy-now", {}).status_code == 401


def test_a_block_needs_the_permission_for_triggers_too(
    api: Api, project: Project
) -> None:
    editor = make_api_with(project, Permission.WORKFLOW_EDIT, Permission.WORKFLOW_VIEW)
    automation(api)
    number = version(api, "nightly", linear(heard()))
    made = loop(api, heard())
    steps = [step()]

    for answer in (
        editor.post("automations/nightly/versions", {"spec": linear(heard())}),
        editor.post(f"automations/nightly/versions/{number}/publication"),
        editor.post("loops", {"name": "b", "steps": steps, "triggers": [heard()]}),
        editor.patch(f"loops/{made['id']}", {"triggers": []}),
    ):
        assert answer.status_code == 403
        assert answer.json()["details"] == {"permission": "mobius.trigger.manage"}
    for answer in (
        editor.post("automations/nightly/versions", {"spec": linear()}),
        editor.post("automations/nightly/versions/2/publication"),
        editor.post("loops", {"name": "b", "steps": steps, "triggers": []}),
        editor.patch(f"loops/{made['id']}", {"steps": [step("b")]}),
        editor.patch(f"loops/{made['id']}", {"status": "paused"}),
        editor.delete(f"loops/{made['id']}"),
    ):
        assert answer.status_code < 300, answer.json()


def test_a_version_without_a_block_takes_triggers_away_with_permission_only(
    api: Api, project: Project
) -> None:
    editor = make_api_with(project, Permission.WORKFLOW_EDIT, Permission.WORKFLOW_VIEW)
    automation(api)
    publish(api, "nightly", version(api, "nightly", linear(heard())))
    number = version(api, "nightly", linear())

    path = f"automations/nightly/versions/{number}/publication"
    assert editor.post(path).status_code == 403
    assert api.post(path).json()["triggers"] == []


@pytest.mark.parametrize("path", ["automations/nightly", "loops/{loop}"])
def test_a_teammate_reads_and_a_stranger_finds_nothing(
    api: Api, api_as: Callable[[str], Api], stranger: Api, path: str
) -> None:
    automation(api)
    version(api, "nightly")
    path = path.format(loop=loop(api)["id"])
    viewer = api_as("Viewer")

    assert viewer.get(path).status_code == 200
    assert viewer.patch(path, {"name": "x"}).status_code == 403
    assert viewer.delete(path).status_code == 403
    for answer in (
        stranger.get(path),
        stranger.patch(path, {"name": "x"}),
        stranger.delete(path),
    ):
        assert answer.status_code == 404
