"""``/api-keys``: issue, list, look at, revoke."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.identity.credentials import digest_of
from apps.identity.models import ApiKey, Principal, Project
from apps.identity.permissions import Permission
from tests.support.access import make_api_with
from tests.support.api import Api
from tests.support.factories import make_principal
from tests.support.frozen import FrozenClock

AsRole = Callable[[str], Api]


@pytest.fixture
def worker(project: Project) -> Principal:
    return make_principal(project, role="Worker", name="ingest-worker")


def test_a_key_is_shown_once_and_opens_the_door(
    api: Api, worker: Principal, project: Project
) -> None:
    response = api.post("api-keys", {"name": "ci", "principal_id": worker.id})

    assert response.status_code == 201
    issued = response.json()
    assert issued["key"].startswith("mbx_")
    assert issued["key_prefix"] == issued["key"][:8]
    assert issued["id"].startswith("key_")
    assert issued["project_id"] == project.id
    assert issued["principal_id"] == worker.id
    assert "expires_at" not in issued
    assert Api("acme", issued["key"]).get("roles").status_code == 200

    shown = api.get(f"api-keys/{issued['id']}").json()
    assert "key" not in shown
    assert shown["last_used_at"].endswith("Z")


def test_only_the_hash_of_a_key_is_stored(api: Api, worker: Principal) -> None:
    body = {"name": "ci", "principal_id": worker.id}
    secret = api.post("api-keys", body).json()["key"]

    row = ApiKey.objects.get(principal=worker)
    assert row.digest == digest_of(secret)
    assert secret not in repr(row.__dict__)


def test_every_problem_of_the_body_is_named(api: Api) -> None:
    response = api.post("api-keys", {"expires_at": "tomorrow", "scope": "org"})

    assert response.status_code == 400
    fields = response.json()["details"]["fields"]
    assert [field["path"] for field in fields] == [
        "name",
        "principal_id",
        "expires_at",
        "scope",
    ]


def test_a_key_cannot_be_issued_for_the_past(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    body = {
        "name": "ci",
        "principal_id": worker.id,
        "expires_at": frozen.at.isoformat(),
    }

    response = api.post("api-keys", body)

    assert response.status_code == 400
    assert response.json()["details"]["path"] == "expires_at"


def test_a_key_expires_when_it_said(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    body = {"name": "ci", "principal_id": worker.id}
    body["expires_at"] = (frozen.at + timedelta(hours=1)).isoformat()
    issued = api.post("api-keys", body).json()
    client = Api("acme", issued["key"])

    assert issued["expires_at"] == "2026-05-04T13:00:00.000000Z"
    frozen.tick(minutes=59)
    assert client.get("roles").status_code == 200
    frozen.tick(minutes=1)
    assert client.get("roles").status_code == 401


def test_a_name_is_taken_while_its_key_lives(
    api: Api, worker: Principal, project: Project, frozen: FrozenClock
) -> None:
    other = make_principal(project)
    body = {"name": "ci", "principal_id": worker.id}
    soon = (frozen.at + timedelta(minutes=1)).isoformat()
    first = api.post("api-keys", {**body, "expires_at": soon})
    taken = api.post("api-keys", {"name": "ci", "principal_id": other.id})
    frozen.tick(minutes=1)
    second = api.post("api-keys", body)
    api.delete(f"api-keys/{second.json()['id']}")
    third = api.post("api-keys", body)

    assert (first.status_code, taken.status_code) == (201, 409)
    assert (second.status_code, third.status_code) == (201, 201)


def test_revoking_answers_204_and_the_key_401_with_the_next_request(
    api: Api, worker: Principal
) -> None:
    body = {"name": "ci", "principal_id": worker.id}
    issued = api.post("api-keys", body).json()
    client = Api("acme", issued["key"])
    assert client.get("roles").status_code == 200

    assert api.delete(f"api-keys/{issued['id']}").status_code == 204
    assert client.get("roles").status_code == 401

    first = api.get(f"api-keys/{issued['id']}").json()["revoked_at"]
    assert api.delete(f"api-keys/{issued['id']}").status_code == 204
    assert api.get(f"api-keys/{issued['id']}").json()["revoked_at"] == first


def test_the_list_is_a_page_and_leaves_out_what_is_revoked(
    api: Api, worker: Principal
) -> None:
    ids = [
        api.post("api-keys", {"name": f"k{n}", "principal_id": worker.id}).json()["id"]
        for n in range(3)
    ]
    api.delete(f"api-keys/{ids[1]}")

    first = api.get("api-keys?limit=1").json()
    rest = api.get(f"api-keys?cursor={first['next_cursor']}").json()
    every = api.get("api-keys?include_revoked=true").json()

    assert [key["id"] for key in first["items"]] == [ids[2]]
    assert first["has_more"]
    assert ids[0] in [key["id"] for key in rest["items"]]
    assert ids[1] not in [key["id"] for key in rest["items"]]
    assert set(ids) <= {key["id"] for key in every["items"]}
    assert "next_cursor" not in every


def test_nobody_issues_a_key_that_may_do_more_than_they(project: Project) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE, Permission.PROJECT_VIEW)
    admin = make_principal(project, role="Admin")

    response = keeper.post("api-keys", {"name": "up", "principal_id": admin.id})

    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"
    assert "mobius.run.start" in response.json()["details"]["permissions"]
    assert not ApiKey.objects.filter(principal=admin).exists()


def test_a_key_for_a_disabled_principal_is_refused(api: Api, worker: Principal) -> None:
    Principal.objects.update_or_create(pk=worker.pk, defaults={"disabled": True})

    response = api.post("api-keys", {"name": "ci", "principal_id": worker.id})

    assert response.status_code == 409


@pytest.mark.parametrize("role", ["Editor", "Operator", "Worker", "Viewer"])
def test_keys_are_for_those_who_manage_access(
    api: Api, api_as: AsRole, worker: Principal, role: str
) -> None:
    body = {"name": "ci", "principal_id": worker.id}
    key_id = api.post("api-keys", body).json()["id"]
    caller = api_as(role)

    answers = [
        caller.post("api-keys", {**body, "name": "mine"}),
        caller.get("api-keys"),
        caller.get(f"api-keys/{key_id}"),
        caller.delete(f"api-keys/{key_id}"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]
    assert ApiKey.objects.get(pk=key_id).revoked_at is None


def test_for_a_stranger_the_keys_do_not_exist(
    api: Api, stranger: Api, worker: Principal
) -> None:
    body = {"name": "ci", "principal_id": worker.id}
    key_id = api.post("api-keys", body).json()["id"]

    answers = [
        stranger.get("/v1/projects/acme/api-keys"),
        stranger.get(f"api-keys/{key_id}"),
        stranger.delete(f"api-keys/{key_id}"),
        stranger.post("api-keys", body),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert key_id not in str(stranger.get("api-keys").json())
    assert ApiKey.objects.get(pk=key_id).revoked_at is None


def test_a_method_a_path_does_not_have_is_405(api: Api) -> None:
    for method in ("put", "options"):
        response = api.call(method, "api-keys", {})
        assert response.status_code == 405
        assert response.json()["code"] == "method_not_allowed"
