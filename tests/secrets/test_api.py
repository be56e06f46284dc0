"""The endpoints of secrets, and who may use them."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from apps.api.models import IdempotencyRecord
from apps.identity.models import Project
from apps.secrets.models import SecretVersion
from tests.secrets.conftest import Create
from tests.support.api import Api


def test_a_secret_is_created_without_showing_its_values(api: Api) -> None:
    body = {"name": "smtp", "description": "mail", "values": {"b": "two", "a": "one"}}
    answer = api.post("secrets", body)

    made = answer.json()
    assert answer.status_code == 201
    assert made["id"].startswith("sec_")
    assert (made["name"], made["description"], made["version"]) == ("smtp", "mail", 1)
    assert made["key_names"] == ["a", "b"]
    assert made["created_by"] == made["updated_by"]
    assert set(made) == {
        *("id", "name", "description", "version", "key_names"),
        *("created_by", "updated_by", "created_at", "updated_at"),
    }


def test_a_secret_is_found_by_id_and_by_name(create: Create, api: Api) -> None:
    made = create()

    assert api.get(f"secrets/{made['id']}").json() == made
    assert api.get("secrets/callbacks").json() == made
    assert api.get("secrets").json()["items"] == [made]
    assert api.get("secrets/other").status_code == 404


def test_the_list_is_paged_newest_first(create: Create, api: Api) -> None:
    names = [create(name)["name"] for name in ("one", "two", "three")]

    first = api.get("secrets?limit=2").json()
    second = api.get(f"secrets?limit=2&cursor={first['next_cursor']}").json()

    assert [one["name"] for one in first["items"] + second["items"]] == names[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_new_values_are_a_new_version_and_the_old_one_is_disabled(
    create: Create, api: Api
) -> None:
    create(token="old")

    changed = api.patch("secrets/callbacks", {"values": {"key": "new"}})

    assert changed.status_code == 200
    assert (changed.json()["version"], changed.json()["key_names"]) == (2, ["key"])
    page = api.get("secrets/callbacks/versions").json()
    assert [(v["version"], v["state"]) for v in page["items"]] == [
        (2, "ENABLED"),
        (1, "DISABLED"),
    ]
    assert page["has_more"] is False


def test_one_version_has_the_digest_of_its_values(create: Create, api: Api) -> None:
    made = create(b="2", a="1")

    version = api.get("secrets/callbacks/versions/1").json()

    assert version["id"].startswith("secv_")
    assert version["secret_id"] == made["id"]
    assert version["sha256"] == hashlib.sha256(b'{"a":"1","b":"2"}').hexdigest()
    assert set(version) == {
        *("id", "secret_id", "version", "state", "sha256", "created_by", "created_at"),
    }


def test_a_description_makes_no_version(create: Create, api: Api) -> None:
    made = create()

    changed = api.patch("secrets/callbacks", {"description": "d"}).json()
    same = api.patch("secrets/callbacks", {}).json()

    assert (changed["version"], changed["description"]) == (1, "d")
    assert changed["updated_at"] > made["updated_at"]
    assert same == changed


def test_a_deleted_secret_is_erased_and_its_name_is_free(
    create: Create, api: Api
) -> None:
    made = create()
    api.patch("secrets/callbacks", {"values": {"token": "second"}})

    assert api.delete("secrets/callbacks").status_code == 204

    assert api.delete("secrets/callbacks").status_code == 404
    assert api.get(f"secrets/{made['id']}").status_code == 404
    assert api.get("secrets").json()["items"] == []
    rows = SecretVersion.objects.filter(secret_id=made["id"])
    assert {(one.state, one.sealed) for one in rows} == {("DESTROYED", "")}
    assert all(one.destroyed_at for one in rows)
    assert create()["id"] != made["id"]


def test_a_name_is_taken_once(create: Create, api: Api) -> None:
    create()

    answer = api.post("secrets", {"name": "callbacks", "values": {"a": "b"}})

    assert answer.status_code == 409
    assert answer.json()["details"]["path"] == "name"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"values": {"a": "b"}}, "name"),
        ({"name": "a:1", "values": {"a": "b"}}, "name"),
        ({"name": "a/b", "values": {"a": "b"}}, "name"),
        ({"name": "sec_1", "values": {"a": "b"}}, "name"),
        ({"name": "x" * 129, "values": {"a": "b"}}, "name"),
        ({"name": "a"}, "values"),
        ({"name": "a", "values": {}}, "values"),
        ({"name": "a", "values": ["b"]}, "values"),
        ({"name": "a", "values": {"k": 1}}, "values.k"),
        ({"name": "a", "values": {"k": "x" * 65_537}}, "values.k"),
        ({"name": "a", "values": {"a b": "c"}}, "values"),
        ({"name": "a", "values": {f"k{n}": "" for n in range(101)}}, "values"),
        ({"name": "a", "values": {"k": "v"}, "value": "x"}, "value"),
    ],
)
def test_a_malformed_secret_is_refused_by_field(
    api: Api, body: dict[str, Any], path: str
) -> None:
    answer = api.post("secrets", body)

    assert answer.status_code == 400
    assert [one["path"] for one in answer.json()["details"]["fields"]] == [path]


def test_a_refusal_does_not_repeat_a_value(api: Api) -> None:
    body = {"name": "a b", "values": {"k": "hunter2", "n": 3}}

    assert b"hunter2" not in api.post("secrets", body).content


@pytest.mark.parametrize(
    ("number", "status"), [("2", 404), ("0", 404), ("9" * 30, 404), ("one", 400)]
)
def test_a_version_that_is_not_there_is_told(
    create: Create, api: Api, number: str, status: int
) -> None:
    create()

    assert api.get(f"secrets/callbacks/versions/{number}").status_code == status


def test_a_creation_sent_twice_under_one_key_acts_once(api: Api) -> None:
    once = {"Idempotency-Key": "k1"}
    body = {"name": "a", "values": {"k": "v"}}
    other = {"name": "a", "values": {"k": "w"}}

    first, second = (api.post("secrets", body, **once) for _ in range(2))

    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert api.post("secrets", other, **once).status_code == 409
    record = IdempotencyRecord.objects.get()
    plain = b'["secrets.create",["a","",{"k":"v"}]]'
    assert record.fingerprint != hashlib.sha256(plain).hexdigest()


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("Admin", 200, 201),
        ("Owner", 200, 201),
        ("Editor", 200, 403),
        ("Operator", 200, 403),
        ("Viewer", 403, 403),
        ("Worker", 403, 403),
    ],
)
def test_teammates_read_and_write_as_their_role_allows(
    create: Create, api_as: Callable[[str], Api], role: str, reads: int, writes: int
) -> None:
    create()
    teammate = api_as(role)
    path = "secrets/callbacks"
    paths = ("secrets", path, f"{path}/versions", f"{path}/versions/1")

    assert {teammate.get(one).status_code for one in paths} == {reads}
    body = {"name": "theirs", "values": {"a": "b"}}
    assert teammate.post("secrets", body).status_code == writes
    may = writes == 201
    changed = teammate.patch(path, {"values": {"a": "b"}}).status_code
    assert changed == (200 if may else 403)
    assert teammate.delete(path).status_code == (204 if may else 403)


def test_a_stranger_s_secrets_do_not_exist(
    create: Create, stranger: Api, project: Project
) -> None:
    made = create()

    assert stranger.get("secrets").json()["items"] == []
    for name in (made["id"], made["name"]):
        assert stranger.get(f"secrets/{name}").status_code == 404
        assert stranger.get(f"secrets/{name}/versions").status_code == 404
        assert stranger.get(f"secrets/{name}/versions/1").status_code == 404
        assert (
            stranger.patch(f"secrets/{name}", {"description": "x"}).status_code == 404
        )
        assert stranger.delete(f"secrets/{name}").status_code == 404
    assert stranger.get(f"/v1/projects/{project.handle}/secrets").status_code == 404
