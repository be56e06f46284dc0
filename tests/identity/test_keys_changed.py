"""API keys: what they open at most, tags, changes, and what is remembered of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.identity.admission import still_admitted
from apps.identity.models import ApiKey, Principal, Project
from apps.identity.permissions import Permission
from tests.support.access import make_api_with, make_role
from tests.support.api import Api
from tests.support.factories import make_principal
from tests.support.frozen import NOON, FrozenClock

AsRole = Callable[[str], Api]


@pytest.fixture
def operator(project: Project) -> Principal:
    return make_principal(project, role="Operator", name="ops")


def issue(api: Api, principal: Principal, **more: Any) -> dict[str, Any]:
    """A new key as the API shows it this once."""
    made = api.post("api-keys", {"name": "ci", "principal_id": principal.id, **more})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def test_a_role_caps_what_a_key_opens(
    api: Api, project: Project, operator: Principal
) -> None:
    cap = make_role(project, Permission.RUN_VIEW, Permission.RUN_START, name="runs")
    issued = issue(api, operator, scope_role_id=cap.id)
    client = Api("acme", issued["key"])

    assert issued["scope_role_id"] == cap.id
    assert client.get("runs").status_code == 200
    assert client.get("workflows").status_code == 403
    assert client.get("secrets").status_code == 403
    ids = [issued["id"]]
    assert still_admitted(ids, Permission.RUN_VIEW, now=NOON) == {issued["id"]}
    assert still_admitted(ids, Permission.WORKFLOW_VIEW, now=NOON) == set()


def test_a_cap_gives_nothing_that_the_principal_does_not_hold(
    api: Api, project: Project
) -> None:
    viewer = make_principal(project, role="Viewer")
    cap = make_role(project, Permission.RUN_VIEW, Permission.RUN_START, name="runs")

    client = Api("acme", issue(api, viewer, scope_role_id=cap.id)["key"])

    assert client.get("runs").status_code == 200
    started = client.post("runs", {"spec": {}})
    assert started.json()["details"] == {"permission": "mobius.run.start"}


def test_who_holds_less_can_issue_a_key_that_is_capped_to_that(
    project: Project, operator: Principal
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE, Permission.RUN_VIEW)
    cap = make_role(project, Permission.RUN_VIEW, name="runs")
    body = {"name": "ci", "principal_id": operator.id}

    assert keeper.post("api-keys", body).status_code == 403
    capped = keeper.post("api-keys", {**body, "scope_role_id": cap.id})
    assert capped.status_code == 201
    unknown = keeper.post("api-keys", {**body, "scope_role_id": "role_none"})
    assert unknown.json()["details"]["path"] == "scope_role_id"


def test_a_key_for_somebody_without_roles_has_to_be_asked_for(
    api: Api, project: Project
) -> None:
    body = {"name": "ci", "principal_id": make_principal(project).id}

    refused = api.post("api-keys", body)

    assert refused.status_code == 409
    assert refused.json()["code"] == "principal_has_no_roles"
    asked = api.post("api-keys", {**body, "allow_unassigned_principal": True})
    assert asked.status_code == 201


def test_older_clients_name_the_service_account(api: Api, operator: Principal) -> None:
    body = {"name": "ci", "service_account_id": operator.id}

    made = api.post("api-keys", body)

    assert made.status_code == 201
    assert made.json()["service_account_id"] == operator.id
    both = api.post("api-keys", {**body, "principal_id": operator.id})
    assert [each["path"] for each in both.json()["details"]["fields"]] == [
        "principal_id"
    ]


def test_a_repeated_request_issues_one_key_and_never_tells_the_secret_again(
    api: Api, operator: Principal
) -> None:
    body = {"name": "ci", "principal_id": operator.id}

    first = api.post("api-keys", body, **{"Idempotency-Key": "k1"})
    again = api.post("api-keys", body, **{"Idempotency-Key": "k1"})

    assert (first.status_code, again.status_code) == (201, 201)
    secret = first.json()["key"]
    assert again.json() == {k: v for k, v in first.json().items() if k != "key"}
    assert again["Idempotency-Replayed"] == "true"
    assert ApiKey.objects.filter(principal=operator).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM api_idempotencyrecord r")
        (remembered,) = cursor.fetchone()
    assert first.json()["id"] in remembered
    assert secret not in remembered


def test_a_key_is_renamed_and_tagged_and_found_by_its_tags(
    api: Api, operator: Principal
) -> None:
    issued = issue(api, operator, tags={"team": "ops", "env": "prod"})
    other = issue(api, operator, name="other", tags={"team": "dev"})

    changed = api.patch(f"api-keys/{issued['id']}", {"name": "nightly"})
    retagged = api.patch(f"api-keys/{other['id']}", {"tags": {"team": "qa"}})

    def names(query: str) -> set[str]:
        return {key["name"] for key in api.get(f"api-keys?{query}").json()["items"]}

    assert changed.status_code == 200
    assert changed.json()["tags"] == {"team": "ops", "env": "prod"}
    assert retagged.json()["tags"] == {"team": "qa"}
    assert names("tag=team:ops") == {"nightly"}
    assert names("tag=team:ops,qa") == {"nightly", "other"}
    assert names("tag=team") == names("tag=team:*") == {"nightly", "other"}
    assert names("tag=team&tag=env:prod") == {"nightly"}
    assert names("tag=team:dev") == set()
    assert api.get("api-keys?tag=:x").status_code == 400
    assert names(f"principal_id={operator.id}") == {"nightly", "other"}


def test_the_end_of_a_key_is_moved_and_taken_away(
    api: Api, operator: Principal, frozen: FrozenClock
) -> None:
    soon = (frozen.at + timedelta(hours=1)).isoformat()
    later = (frozen.at + timedelta(hours=3)).isoformat()
    issued = issue(api, operator, expires_at=soon)
    client = Api("acme", issued["key"])
    path = f"api-keys/{issued['id']}"

    assert api.patch(path, {"expires_at": later}).status_code == 200
    frozen.tick(hours=2)
    assert client.get("runs").status_code == 200
    assert "expires_at" not in api.patch(path, {"expires_at": None}).json()
    frozen.tick(days=400)
    assert client.get("runs").status_code == 200
    past = api.patch(path, {"expires_at": soon})
    assert past.json()["details"]["path"] == "expires_at"
    ended = api.patch(
        path, {"expires_at": (frozen.at + timedelta(seconds=1)).isoformat()}
    )
    assert ended.json()["state"] == "active"
    frozen.tick(seconds=1)
    assert client.get("runs").status_code == 401
    assert api.get(path).json()["state"] == "expired"


def test_what_is_over_is_not_changed(
    api: Api, operator: Principal, frozen: FrozenClock
) -> None:
    gone = issue(api, operator)
    api.delete(f"api-keys/{gone['id']}")
    soon = (frozen.at + timedelta(minutes=1)).isoformat()
    expired = issue(api, operator, expires_at=soon)
    frozen.tick(minutes=1)

    for key, state in ((gone, "revoked"), (expired, "expired")):
        refused = api.patch(f"api-keys/{key['id']}", {"expires_at": None})
        assert refused.status_code == 409
        assert refused.json()["details"]["state"] == state


def test_a_later_end_is_like_a_new_key_and_an_earlier_one_is_not(
    api: Api, project: Project, operator: Principal, frozen: FrozenClock
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    issued = issue(
        api, operator, expires_at=(frozen.at + timedelta(hours=2)).isoformat()
    )
    path = f"api-keys/{issued['id']}"

    def move(**span: float) -> int:
        end = (frozen.at + timedelta(**span)).isoformat()
        return int(keeper.patch(path, {"expires_at": end}).status_code)

    assert move(hours=3) == 403
    assert keeper.patch(path, {"expires_at": None}).status_code == 403
    assert move(hours=1) == 200
    assert keeper.patch(path, {"name": "renamed"}).status_code == 200


def test_the_name_of_another_live_key_is_409(api: Api, operator: Principal) -> None:
    issue(api, operator, name="one")
    two = issue(api, operator, name="two")

    assert api.patch(f"api-keys/{two['id']}", {"name": "one"}).status_code == 409
    assert api.patch(f"api-keys/{two['id']}", {"name": "two"}).status_code == 200


def test_a_role_that_caps_a_live_key_is_not_deleted(
    api: Api, project: Project, operator: Principal
) -> None:
    cap = make_role(project, Permission.RUN_VIEW, name="runs")
    issued = issue(api, operator, scope_role_id=cap.id)

    refused = api.delete(f"roles/{cap.id}")

    assert (refused.status_code, refused.json()["code"]) == (409, "role_in_use")
    assert refused.json()["details"]["key_ids"] == [issued["id"]]
    api.delete(f"api-keys/{issued['id']}")
    assert api.delete(f"roles/{cap.id}").status_code == 204
    assert api.get(f"api-keys/{issued['id']}").json()["state"] == "revoked"


def test_an_expired_key_does_not_outlive_the_role_that_caps_it(
    api: Api, project: Project, operator: Principal, frozen: FrozenClock
) -> None:
    cap = make_role(project, Permission.RUN_VIEW, name="runs")
    soon = (frozen.at + timedelta(minutes=1)).isoformat()
    issued = issue(api, operator, scope_role_id=cap.id, expires_at=soon)
    frozen.tick(minutes=1)

    assert api.delete(f"roles/{cap.id}").status_code == 204

    row = ApiKey.objects.get(pk=issued["id"])
    assert row.revoked_at == frozen.at
    assert row.scope_role is None


def test_only_keepers_change_keys_and_strangers_find_none(
    api: Api, api_as: AsRole, stranger: Api, operator: Principal
) -> None:
    path = f"api-keys/{issue(api, operator)['id']}"

    for name in ("Editor", "Operator", "Worker", "Viewer"):
        assert api_as(name).patch(path, {"name": "x"}).status_code == 403
        assert api_as(name).post(f"{path}/rotate").status_code == 403
    assert stranger.patch(path, {"name": "x"}).status_code == 404
    assert stranger.post(f"{path}/rotate").status_code == 404
