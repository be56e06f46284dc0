"""``/v1/projects``: found, seen, changed, archived and restored."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.identity.models import ApiKey, Principal, Project
from apps.identity.permissions import Permission
from tests.support.access import make_api_with
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.support.frozen import FrozenClock

AsRole = Callable[[str], Api]


@pytest.fixture
def owner(project: Project) -> Api:
    """A client whose principal may manage the organization's projects."""
    return make_api(project, role="Owner")


def found(owner: Api, name: str, **more: Any) -> dict[str, Any]:
    """A new project as the API shows it."""
    made = owner.post("/v1/projects", {"name": name, **more})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def handles(api: Api, query: str = "") -> list[str]:
    """The handles in the list of projects."""
    page = api.get(f"/v1/projects?{query}").json()
    return [one["handle"] for one in page["items"]]


def test_a_project_is_founded_with_a_first_key_that_opens_it(
    owner: Api, project: Project
) -> None:
    made = found(owner, "Ingest Docs", key_name="first", tags={"team": "ops"})

    assert made["handle"] == "ingest-docs"
    assert made["access_mode"] == "restricted"
    assert made["created_by"].startswith("prin_")
    lab = Api("ingest-docs", made["key"])
    assert lab.get("members").json()["items"] == []
    first = lab.get(f"principals/{made['principal_id']}").json()
    assert (first["kind"], first["role_names"]) == ("service", ["Admin"])
    assert lab.get(f"api-keys/{made['key_id']}").json()["name"] == "first"
    lab.post("members", {"name": "rita", "role_names": ["Editor"]})
    row = Project.objects.get(handle="ingest-docs")
    assert row.organization_id == project.organization_id


def test_without_a_name_for_a_key_there_is_none(owner: Api) -> None:
    made = found(owner, "Lab", handle="lab-1", description="d")

    assert "key" not in made
    assert (made["handle"], made["description"]) == ("lab-1", "d")
    assert not ApiKey.objects.filter(principal__project__handle="lab-1").exists()


def test_a_repeated_request_founds_one_and_tells_the_secret_once(owner: Api) -> None:
    body = {"name": "Lab", "key_name": "first"}
    first, again = (
        owner.post("/v1/projects", body, **{"Idempotency-Key": "p1"}) for _ in range(2)
    )

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == {k: v for k, v in first.json().items() if k != "key"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM api_idempotencyrecord r")
        (remembered,) = cursor.fetchone()
    assert first.json()["key"] not in remembered


def test_a_handle_is_taken_once_and_nothing_is_left_of_the_second(owner: Api) -> None:
    found(owner, "Lab")

    refused = owner.post("/v1/projects", {"name": "lab", "key_name": "x"})

    assert (refused.status_code, refused.json()["details"]["handle"]) == (409, "lab")
    assert Principal.objects.filter(project__handle="lab").count() == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": "x", "handle": "No Good"}, "handle"),
        ({"name": "株式会社"}, "name"),
        ({"name": "x", "access_mode": "open"}, "access_mode"),
        ({"name": "x", "tags": {"k": 1}}, "tags.k"),
        ({"name": "x", "owner": "me"}, "owner"),
    ],
)
def test_a_project_that_cannot_be_is_refused_with_the_path(
    owner: Api, body: dict[str, Any], path: str
) -> None:
    refused = owner.post("/v1/projects", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == path
    assert Project.objects.count() == 1


def test_the_list_is_filtered_and_pages(frozen: FrozenClock, owner: Api) -> None:
    frozen.tick(seconds=1)
    found(owner, "Lab", tags={"env": "test"})
    frozen.tick(seconds=1)
    found(owner, "Shop", description="Sells LABels", tags={"env": "prod"})
    owner.post("/v1/projects/shop/archive")

    assert handles(owner) == ["lab", "acme"]
    assert handles(owner, "status=all") == ["shop", "lab", "acme"]
    assert handles(owner, "status=archived") == ["shop"]
    assert handles(owner, "status=all&search=LAB") == ["shop", "lab"]
    assert handles(owner, "status=all&tag=env:prod") == ["shop"]
    page = owner.get("/v1/projects?limit=1").json()
    assert handles(owner, f"cursor={page['next_cursor']}") == ["acme"]
    refused = owner.get("/v1/projects?status=gone")
    assert refused.json()["details"]["path"] == "status"


def test_who_manages_projects_reaches_those_of_the_organization_and_no_others(
    owner: Api, stranger: Api
) -> None:
    lab = found(owner, "Lab")

    for name in ("lab", lab["id"]):
        assert owner.get(f"/v1/projects/{name}").json()["id"] == lab["id"]
        assert owner.patch(f"/v1/projects/{name}", {"name": "L"}).status_code == 200
    assert owner.get("/v1/projects/lab/members").status_code == 404
    for method, path in (
        ("get", "globex"),
        ("patch", "globex"),
        ("delete", "globex"),
        ("post", "globex/archive"),
        ("post", "globex/restore"),
    ):
        answer = owner.call(method, f"/v1/projects/{path}", {})
        assert (path, answer.status_code) == (path, 404)
    assert Project.objects.get(handle="globex").archived_at is None


def test_who_does_not_manage_projects_sees_the_own_one_only(
    owner: Api, api_as: AsRole
) -> None:
    found(owner, "Lab")

    for name in ("Admin", "Editor", "Operator", "Viewer"):
        caller = api_as(name)
        assert handles(caller, "status=all") == ["acme"]
        assert caller.get("/v1/projects/lab").status_code == 404
        assert caller.patch("/v1/projects/lab", {"name": "x"}).status_code == 404
        assert caller.post("/v1/projects", {"name": "x"}).status_code == 403
        assert caller.post("/v1/projects/acme/archive").status_code == 403
        assert caller.post("/v1/projects/acme/restore").status_code == 403
        assert caller.delete("/v1/projects/acme").status_code == 403
    assert api_as("Editor").patch("/v1/projects/acme", {"name": "x"}).status_code == 403


def test_an_admin_changes_how_the_own_project_is_called(api: Api) -> None:
    body = {"name": "Acme", "description": "All of it", "tags": {"a": "b"}}

    changed = api.patch("/v1/projects/acme", body)

    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in body} == body
    assert changed.json()["handle"] == "acme"
    fixed = api.patch("/v1/projects/acme", {"handle": "other"})
    assert fixed.json()["details"]["path"] == "handle"


def test_archiving_and_restoring_may_be_repeated(
    owner: Api, frozen: FrozenClock
) -> None:
    first = owner.post("/v1/projects/acme/archive").json()
    frozen.tick(minutes=1)
    again = owner.post("/v1/projects/acme/archive")
    deleted = owner.delete("/v1/projects/acme")

    assert (again.status_code, deleted.status_code) == (200, 204)
    assert first["archived_at"] == again.json()["archived_at"]
    assert owner.get("/v1/projects/acme").json()["archived_at"] == first["archived_at"]
    for _ in range(2):
        restored = owner.post("/v1/projects/acme/restore")
        assert restored.status_code == 200
        assert "archived_at" not in restored.json()


def test_an_archived_project_is_restored_from_another_of_the_organization(
    owner: Api, project: Project
) -> None:
    made = found(owner, "Lab", key_name="first")
    lab = Api("lab", made["key"])
    owner.delete("/v1/projects/lab")

    assert lab.post("roles", {"name": "x", "permissions": []}).status_code == 409
    refused = owner.patch("/v1/projects/lab", {"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "project_archived")
    owner.post("/v1/projects/lab/restore")
    assert lab.post("roles", {"name": "x", "permissions": []}).status_code == 201


def test_the_permission_alone_is_not_enough_to_rename(project: Project) -> None:
    make_project("globex")
    manager = make_api_with(project, Permission.ORG_PROJECTS_MANAGE)

    assert manager.patch("/v1/projects/acme", {"name": "x"}).status_code == 403
    assert manager.post("/v1/projects/acme/archive").status_code == 200
