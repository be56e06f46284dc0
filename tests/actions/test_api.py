"""Custom actions over the API, and the catalogue."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from apps.actions.models import CustomAction
from apps.actions.services import create_action
from apps.api.models import IdempotencyRecord
from apps.identity.models import Project
from apps.jobs.models import Worker
from apps.jobs.services.claim import Claim, claim_job
from apps.kernel import clock
from apps.secrets.services.reseal import reseal_secrets
from tests.actions.scenes import make_action
from tests.support.api import Api

pytestmark = pytest.mark.django_db

FULL: dict[str, Any] = {
    "title": "Charge a card",
    "description": "Takes money",
    "input_schema": {"type": "object", "required": ["amount"]},
    "output_schema": {"type": "object"},
    "annotations": {"idempotent": True, "destructive": True},
    "tags": {"team": "billing"},
    "risk": "high",
    "timeout_seconds": 5,
    "enabled": True,
}


def test_an_action_is_made_with_a_key_that_is_shown_once(api: Api) -> None:
    made = make_action(api, **FULL)

    assert len(base64.b64decode(made["signing_secret"])) == 32
    assert (made["secret_ref"], made["secret_version"]) == (
        f"mobius/action/{made['id']}",
        1,
    )
    assert {name: made[name] for name in FULL} == FULL
    assert made["invocation_format"] == "signed_context_v1"
    later = api.get("actions/charge").json()
    assert "signing_secret" not in later
    assert later["id"] == made["id"]


def test_the_key_is_stored_sealed_only(api: Api) -> None:
    made = make_action(api)
    secret = made["signing_secret"]

    for model in (CustomAction, IdempotencyRecord):
        assert secret not in repr(list(model.objects.values()))
    assert reseal_secrets() == 1
    [row] = CustomAction.objects.values()
    assert row["sealed_key"]
    assert secret not in repr(row)


def test_a_name_is_there_once_in_a_project(api: Api, stranger: Api) -> None:
    make_action(api)
    again = api.post("actions", {"name": "charge", "endpoint_url": "https://x.example"})

    assert (again.status_code, again.json()["details"]["path"]) == (409, "name")
    make_action(stranger)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "Charge"}, "name"),
        ({"name": "mobius.do"}, "name"),
        ({"name": "print"}, "name"),
        ({"name": "catalog"}, "name"),
        ({"endpoint_url": None}, "endpoint_url"),
        ({"endpoint_url": "http://127.0.0.1/x"}, "endpoint_url"),
        ({"endpoint_url": "ftp://example.com"}, "endpoint_url"),
        ({"endpoint_kind": "worker"}, "endpoint_url"),
        ({"input_schema": {"type": "nothing"}}, "input_schema"),
        ({"annotations": {"quick": True}}, "annotations.quick"),
        ({"annotations": {"idempotent": "yes"}}, "annotations.idempotent"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 121}, "timeout_seconds"),
        ({"risk": "none"}, "risk"),
        ({"tags": {"mobius:x": "1"}}, "tags.mobius:x"),
        ({"tags": {"a": 1}}, "tags.a"),
        ({"method": "GET"}, "method"),
    ],
)
def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], path: str) -> None:
    whole = {"name": "charge", "endpoint_url": "https://example.com/do", **body}
    answer = api.post("actions", whole)

    assert answer.status_code == 400
    assert path in [field["path"] for field in answer.json()["details"]["fields"]]


def test_an_action_is_changed_in_place(api: Api) -> None:
    make_action(api, **FULL)
    changed = api.patch("actions/charge", {"enabled": False, "input_schema": None})

    assert changed.status_code == 200
    body = changed.json()
    assert (body["enabled"], body["title"]) == (False, "Charge a card")
    assert "input_schema" not in body
    assert "signing_secret" not in body


@pytest.mark.parametrize("field", ["name", "endpoint_kind"])
def test_name_and_kind_stay(api: Api, field: str) -> None:
    make_action(api)

    assert api.patch("actions/charge", {field: "worker"}).status_code == 400


def test_a_rotated_key_is_the_next_version(api: Api) -> None:
    made = make_action(api)
    rotated = api.post("actions/charge/secret/rotate").json()

    assert rotated["secret_version"] == 2
    assert rotated["secret_ref"] == made["secret_ref"]
    assert rotated["signing_secret"] != made["signing_secret"]


def test_what_workers_serve_has_no_key(api: Api) -> None:
    made = make_action(api, "resize", endpoint_kind="worker")

    assert "signing_secret" not in made
    assert api.post("actions/resize/secret/rotate").status_code == 409


def test_a_deleted_action_is_gone(api: Api) -> None:
    make_action(api)

    assert api.delete("actions/charge").status_code == 204
    assert api.get("actions/charge").status_code == 404
    assert api.delete("actions/charge").status_code == 404
    assert api.delete("actions/print").status_code == 404


def test_a_project_has_so_many_actions_at_most(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create_action, "ACTIONS_MAX", 1)
    make_action(api)
    answer = api.post("actions", {"name": "b", "endpoint_url": "https://x.example"})

    assert answer.status_code == 409


# --- The catalogue ------------------------------------------------------------------


def entries(api: Api, path: str = "actions") -> dict[str, dict[str, Any]]:
    page = api.get(f"{path}?limit=200").json()
    return {entry["name"]: entry for entry in page["items"]}


@pytest.mark.parametrize("path", ["actions", "actions/catalog", "catalog/actions"])
def test_every_path_of_the_catalogue_shows_the_same(api: Api, path: str) -> None:
    make_action(api)

    assert entries(api, path) == entries(api)
    assert api.get(f"{path}/charge").json() == entries(api)["charge"]


def test_the_catalogue_tells_platform_project_and_workers_apart(
    api: Api, project: Project
) -> None:
    make_action(api)
    make_action(api, "resize", endpoint_kind="worker")
    wanted = Claim(project.id, "w1", ("gpu",), ("train",))
    claim_job(wanted, now=clock.now())

    found = entries(api)

    kinds = {name: found[name]["endpoint_kind"] for name in found}
    assert kinds["http.request"] == "builtin"
    assert (kinds["charge"], kinds["resize"], kinds["train"]) == (
        "http",
        "worker",
        "worker",
    )
    assert found["print"]["source"] == "platform"
    assert found["train"]["execution"]["queue"] == "gpu"
    assert found["resize"]["readiness"] == "needs_setup"
    assert found["resize"]["readiness_reason"] == "no_live_worker"
    assert found["train"]["available"] is True
    assert found["http.request"]["input_schema"]["required"] == ["url"]


def test_a_silent_worker_offers_nothing(api: Api, project: Project) -> None:
    claim_job(Claim(project.id, "w1", (), ("train",)), now=clock.now())
    Worker.objects.update(last_seen_at=clock.now() - timedelta(minutes=3))

    assert "train" not in entries(api)
    assert api.get("actions/train").status_code == 404


def test_a_worker_that_takes_all_makes_a_worker_action_ready(
    api: Api, project: Project
) -> None:
    make_action(api, "resize", endpoint_kind="worker")
    claim_job(Claim(project.id, "w1"), now=clock.now())

    assert entries(api)["resize"]["readiness"] == "ready"


def test_the_catalogue_is_paged_by_name(api: Api) -> None:
    first = api.get("actions?limit=3").json()
    second = api.get(f"actions?limit=3&cursor={first['next_cursor']}").json()

    names = [entry["name"] for entry in first["items"] + second["items"]]
    assert names == sorted(names)
    assert len(set(names)) == 6
    assert first["has_more"] is True


def test_a_project_does_not_see_anothers_actions(api: Api, stranger: Api) -> None:
    make_action(api)

    assert "charge" not in entries(stranger)
    assert stranger.get("actions/charge").status_code == 404
    assert stranger.patch("actions/charge", {"title": "mine"}).status_code == 404
