"""GET of workflows and versions, and who may do what."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel.errors import NotFound
from apps.workflows.selectors import find_workflow, runnable
from tests.support.api import Api
from tests.workflows.conftest import Create, spec_of


def test_a_workflow_is_found_by_id_and_by_handle(create: Create, api: Api) -> None:
    made = create()

    assert api.get(f"workflows/{made['id']}").json() == made
    assert api.get("workflows/ingest-document").json() == made


def test_the_list_is_paged_newest_first_and_has_no_specs(
    create: Create, api: Api
) -> None:
    names = [create(name)["name"] for name in ("one", "two", "three")]

    first = api.get("workflows?limit=2").json()
    second = api.get(f"workflows?limit=2&cursor={first['next_cursor']}").json()

    seen = [item["name"] for item in first["items"] + second["items"]]
    assert seen == names[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert "next_cursor" not in second
    assert all("spec" not in item for item in first["items"])


def test_versions_come_newest_first_with_specs_when_asked(
    create: Create, api: Api
) -> None:
    path = f"workflows/{create()['id']}"
    api.patch(path, {"spec": spec_of("x")})

    bare = api.get(f"{path}/versions").json()
    full = api.get(f"{path}/versions?include_spec=true").json()

    assert [item["version"] for item in bare["items"]] == [2, 1]
    assert bare["has_more"] is False
    assert all("spec" not in item for item in bare["items"])
    assert full["items"][0]["spec"] == spec_of("x")
    assert all(item["id"].startswith("ver_") for item in full["items"])


def test_versions_can_be_paged(create: Create, api: Api) -> None:
    path = f"workflows/{create()['id']}"
    for number in range(3):
        api.patch(path, {"spec": spec_of(f"x{number}")})

    first = api.get(f"{path}/versions?limit=3").json()
    rest = api.get(f"{path}/versions?limit=3&cursor={first['next_cursor']}").json()

    assert [item["version"] for item in first["items"]] == [4, 3, 2]
    assert [item["version"] for item in rest["items"]] == [1]
    assert rest["has_more"] is False


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "cursor=x", "cursor=WyJhIl0"])
def test_a_malformed_page_of_versions_is_refused(
    create: Create, api: Api, query: str
) -> None:
    answer = api.get(f"workflows/{create()['id']}/versions?{query}")

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == query.partition("=")[0]


def test_one_version_shows_its_own_spec(create: Create, api: Api) -> None:
    made = create()
    path = f"workflows/{made['id']}"
    api.patch(path, {"spec": spec_of("x")})

    assert api.get(f"{path}/versions/1").json()["spec"] == made["spec"]
    assert api.get(f"{path}/versions/2").json()["spec"] == spec_of("x")


@pytest.mark.parametrize("number", ["0", "2", "-1", "one", "²", "9" * 30])
def test_a_version_that_is_not_there_is_not_found(
    create: Create, api: Api, number: str
) -> None:
    path = f"workflows/{create()['id']}/versions/{number}"

    assert api.get(path).status_code == 404


@pytest.mark.parametrize("name", ["nothing", "aut_nothing", "aut_", "a b"])
def test_a_workflow_that_is_not_there_is_not_found(api: Api, name: str) -> None:
    assert api.get(f"workflows/{name}").status_code == 404
    assert api.patch(f"workflows/{name}", {}).status_code == 404
    assert api.delete(f"workflows/{name}").status_code == 404
    assert api.get(f"workflows/{name}/versions").status_code == 404


def test_a_stranger_s_workflows_do_not_exist(
    create: Create, stranger: Api, project: Project
) -> None:
    made = create()

    assert stranger.get("workflows").json()["items"] == []
    for name in (made["id"], made["handle"]):
        for call in (stranger.get, stranger.delete):
            assert call(f"workflows/{name}").status_code == 404
        assert stranger.patch(f"workflows/{name}", {"name": "x"}).status_code == 404
        assert stranger.get(f"workflows/{name}/versions/1").status_code == 404
    assert stranger.get(f"/v1/projects/{project.handle}/workflows").status_code == 404


def test_nothing_of_another_project_can_be_run(
    create: Create, stranger: Api, project: Project
) -> None:
    made = create()
    other = stranger.get("/v1/projects").json()["items"][0]["id"]

    assert find_workflow(project.id, made["id"]).id == made["id"]
    with pytest.raises(NotFound):
        runnable(other, made["id"])
    with pytest.raises(NotFound):
        runnable(other, made["handle"])


@pytest.mark.parametrize(
    ("role", "may_read", "may_write"),
    [
        ("Editor", True, True),
        ("Operator", True, False),
        ("Viewer", True, False),
        ("Worker", False, False),
    ],
)
def test_teammates_read_and_write_as_their_role_allows(
    create: Create,
    api_as: Callable[[str], Api],
    role: str,
    may_read: bool,
    may_write: bool,
) -> None:
    made = create()
    teammate = api_as(role)
    path = f"workflows/{made['id']}"
    body: dict[str, Any] = {"name": "Theirs", "spec": spec_of("a")}

    reads = [
        teammate.get(p).status_code
        for p in ("workflows", path, f"{path}/versions", f"{path}/versions/1")
    ]
    writes = [
        teammate.post("workflows", body).status_code,
        teammate.patch(path, {"description": "d"}).status_code,
        teammate.delete(path).status_code,
    ]

    assert reads == [200 if may_read else 403] * 4
    assert writes == ([201, 200, 204] if may_write else [403] * 3)


def test_without_a_key_nothing_answers(project: Project) -> None:
    nobody = Api(project.handle, "mbx_unknown")

    assert nobody.get("workflows").status_code == 401
    assert nobody.post("workflows", {}).status_code == 401
