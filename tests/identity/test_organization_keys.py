"""``/v1/api-keys``: keys of an organization, one role in every project of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from apps.identity import limits
from apps.identity.actor import OPERATOR
from apps.identity.admission import still_admitted
from apps.identity.models import ApiKey, Principal, Project
from apps.identity.permissions import BUILT_IN_ROLES, Permission
from apps.identity.services.archive_project import archive_project
from tests.support.api import Api
from tests.support.factories import (
    make_api,
    make_organization_api,
    make_principal,
    make_project,
    make_project_beside,
)
from tests.support.frozen import FrozenClock

KEYS = "/v1/api-keys"


@pytest.fixture
def lab(project: Project) -> Project:
    """A second project of the organization."""
    return make_project_beside(project, "lab")


@pytest.fixture
def owner(project: Project) -> Api:
    return make_organization_api(project, role="Owner")


@pytest.fixture
def admin(project: Project) -> Api:
    return make_organization_api(project, role="Admin")


def issue(api: Api, **body: Any) -> dict[str, Any]:
    """A new key as the API shows it this once."""
    made = api.post(KEYS, {"name": "ops", **body})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def test_a_key_has_its_role_in_every_project_there_is_and_will_be(
    project: Project, admin: Api
) -> None:
    make_project("globex")
    issued = issue(admin, role="Viewer", tags={"team": "ops"})
    lab = make_project_beside(project, "lab")

    assert issued["key"].startswith("mbx_")
    assert (issued["org_role"], issued["tags"]) == ("Viewer", {"team": "ops"})
    assert "project_id" not in issued
    assert "scope_role_id" not in issued
    viewer = Api("acme", issued["key"])
    for place in ("acme", project.id, "lab", lab.id):
        path = f"/v1/projects/{place}/runs"
        assert (place, viewer.get(path).status_code) == (place, 200)
        assert viewer.post(path, {"spec": {}}).status_code == 403
    assert viewer.get("/v1/projects/globex/runs").status_code == 404
    listed = viewer.get("/v1/projects").json()["items"]
    assert {each["handle"] for each in listed} == {"acme", "lab"}
    shown = admin.get(f"{KEYS}/{issued['id']}").json()
    assert "key" not in shown
    assert shown["last_used_at"]


def test_without_a_role_it_is_an_admin(admin: Api) -> None:
    assert issue(admin)["org_role"] == "Admin"


def test_a_project_id_that_is_null_names_no_project(admin: Api) -> None:
    made = admin.post(KEYS, {"name": "ops", "role": "Viewer", "project_id": None})
    wrong = admin.post(KEYS, {"name": "ops-2", "project_id": 5})

    assert (made.status_code, made.json()["org_role"]) == (201, "Viewer")
    assert wrong.json()["details"]["fields"][0]["path"] == "project_id"


@pytest.mark.parametrize("role", list(BUILT_IN_ROLES))
def test_nobody_passes_on_a_role_that_allows_more_than_theirs(
    project: Project, role: str
) -> None:
    api = make_organization_api(project, role=role)
    mine = BUILT_IN_ROLES[role][1]

    for wanted, (_, permissions) in BUILT_IN_ROLES.items():
        answer = api.post(KEYS, {"name": wanted, "role": wanted})
        may = Permission.ACCESS_MANAGE in mine and permissions <= mine
        assert (wanted, answer.status_code) == (wanted, 201 if may else 403)
    assert ApiKey.objects.filter(created_by="operator").count() == 1


def test_what_opens_more_than_ones_own_is_ended_but_not_prolonged(
    owner: Api, admin: Api
) -> None:
    end = "2100-01-01T00:00:00Z"
    key = issue(owner, name="theirs", role="Owner", expires_at=end)
    path = f"{KEYS}/{key['id']}"

    assert admin.post(f"{path}/rotate").status_code == 403
    assert admin.patch(path, {"expires_at": None}).status_code == 403
    assert owner.patch(path, {"expires_at": None}).status_code == 200
    assert admin.delete(path).status_code == 204
    assert Api("acme", key["key"]).get("runs").status_code == 401


def test_a_body_is_closed_and_every_problem_named(admin: Api) -> None:
    wrong = {"role": "King", "expires_at": "soon", "permissions": []}

    answer = admin.post(KEYS, wrong)

    fields = [each["path"] for each in answer.json()["details"]["fields"]]
    assert (answer.status_code, fields) == (
        400,
        ["name", "role", "expires_at", "permissions"],
    )
    past = admin.post(KEYS, {"name": "ops", "expires_at": "2001-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["details"]["path"]) == (400, "expires_at")


def test_of_two_live_keys_with_one_name_the_second_is_refused(
    project: Project, admin: Api
) -> None:
    first = issue(admin)
    assert admin.post(KEYS, {"name": "ops"}).status_code == 409
    holder = make_principal(project, role="Viewer")
    beside = {"name": "ops", "principal_id": holder.id}
    assert admin.post("api-keys", beside).status_code == 201
    admin.delete(f"{KEYS}/{first['id']}")

    issue(admin)


def test_keys_of_projects_and_of_the_organization_do_not_see_each_other(
    project: Project, admin: Api
) -> None:
    issued = issue(admin)
    mine = make_api(project, role="Owner")
    (own,) = mine.get("api-keys").json()["items"]

    for method, path in (("get", KEYS), ("post", KEYS), ("get", f"{KEYS}/key_x")):
        assert mine.call(method, path, {}).status_code == 403
    for path in (f"{KEYS}/{issued['id']}", f"{KEYS}/{own['id']}"):
        assert mine.get(path).status_code == 403
        assert mine.delete(path).status_code == 403
    assert mine.get(f"api-keys/{issued['id']}").status_code == 404
    assert admin.get(f"{KEYS}/{own['id']}").status_code == 404
    assert own["id"] not in {key["id"] for key in admin.get(KEYS).json()["items"]}
    assert admin.get(f"api-keys/{own['id']}").status_code == 200
    system = admin.get(f"principals/{issued['principal_id']}")
    assert system.status_code == 404


def test_with_a_project_id_it_is_the_list_of_that_project(
    project: Project, lab: Project, admin: Api
) -> None:
    holder = make_principal(project, role="Viewer")
    body = {"name": "pinned", "service_account_id": holder.id, "project_id": project.id}
    mine = make_api(project, role="Admin")

    for api, name in ((admin, "a"), (mine, "b")):
        made = api.post(KEYS, {**body, "name": name})
        assert made.status_code == 201, made.json()
        key = f"{KEYS}/{made.json()['id']}?project_id={project.id}"
        assert made.json()["project_id"] == project.id
        assert api.get(key).json()["name"] == name
        listed = api.get(f"{KEYS}?project_id={project.id}").json()["items"]
        assert made.json()["id"] in {each["id"] for each in listed}
        assert api.delete(key).status_code == 204
    for path in (KEYS, f"{KEYS}/key_x"):
        assert mine.get(f"{path}?project_id={lab.id}").status_code == 404
        assert mine.delete(f"{KEYS}/key_x?project_id={lab.id}").status_code == 404
    assert mine.post(KEYS, {**body, "project_id": lab.id}).status_code == 404
    archive_project(project.id, by=OPERATOR, now=project.created_at)
    assert admin.post(KEYS, {**body, "name": "late"}).status_code == 409


def test_a_key_ends_with_its_time_its_revocation_and_its_principal(
    project: Project, admin: Api, frozen: FrozenClock
) -> None:
    first = issue(admin, expires_at=(frozen.at + timedelta(hours=1)).isoformat())
    second = issue(admin, name="second", role="Worker")
    ids = [first["id"], second["id"]]

    def admitted() -> set[str]:
        return still_admitted(ids, Permission.JOB_CLAIM, now=frozen.at)

    assert admitted() == set(ids)
    assert still_admitted(ids, Permission.RUN_VIEW, now=frozen.at) == {first["id"]}
    frozen.tick(hours=1)
    assert admitted() == {second["id"]}
    assert Api("acme", first["key"]).get("runs").status_code == 401
    system = Principal.objects.filter(organization=project.organization)
    system.update(disabled=True)
    assert admitted() == set()
    assert Api("acme", second["key"]).get("workers").status_code == 401
    system.update(disabled=False)
    assert admin.delete(f"{KEYS}/{second['id']}").status_code == 204
    assert admitted() == set()


def test_a_rotated_key_opens_for_the_overlap_only(
    admin: Api, frozen: FrozenClock
) -> None:
    old = issue(admin, role="Viewer")

    path = f"{KEYS}/{old['id']}/rotate"
    new = admin.post(path, {"overlap_seconds": 60}).json()

    assert (new["org_role"], new["name"]) == ("Viewer", "ops")
    shown = admin.get(f"{KEYS}/{old['id']}").json()
    assert shown["replaced_by"] == new["id"]
    both = [Api("acme", each["key"]) for each in (old, new)]
    assert [each.get("runs").status_code for each in both] == [200, 200]
    frozen.tick(seconds=60)
    assert [each.get("runs").status_code for each in both] == [401, 200]


def test_a_key_sent_with_a_handle_works_in_that_project_only(
    lab: Project, admin: Api
) -> None:
    make_project("globex")
    for sent in (f"{admin.key}.lab", f"lab/{admin.key}"):
        pinned = Api("lab", sent)
        assert pinned.get("runs").status_code == 200
        assert pinned.get(f"/v1/projects/{lab.id}").status_code == 200
        assert pinned.get("/v1/projects/acme/runs").status_code == 404
        assert pinned.get("/v1/projects/acme").status_code == 404
    for handle in ("globex", "nowhere"):
        for path in ("/v1/projects", f"/v1/projects/{handle}", "/v1/projects/acme"):
            pinned = Api("acme", f"{admin.key}.{handle}")
            assert pinned.get(path).status_code == 401


def test_an_idempotency_key_is_of_one_project(lab: Project, owner: Api) -> None:
    spec = {"name": "r", "steps": [{"name": "a", "action": "b"}]}
    once = {"Idempotency-Key": "k1"}

    runs = [
        owner.call("post", f"/v1/projects/{place}/runs", {"spec": spec}, **once)
        for place in ("acme", "lab", "acme", lab.id)
    ]
    made = [owner.call("post", KEYS, {"name": "ops"}, **once) for _ in range(2)]

    assert [run.status_code for run in runs] == [202] * 4
    ids = [run.json()["id"] for run in runs]
    assert ids == [ids[0], ids[1], ids[0], ids[1]]
    assert ids[0] != ids[1]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert ["key" in answer.json() for answer in made] == [True, False]


def test_limits_are_told_for_the_key_and_for_the_organization(
    settings: LazySettings, lab: Project, admin: Api
) -> None:
    limits._ledger.clear()
    settings.RATE_LIMIT_KEY, settings.RATE_LIMIT_ORG = 3, 4
    other = make_api(lab, role="Viewer")

    scopes = []
    for place in ("acme", "lab", "acme", "lab"):
        answer = admin.get(f"/v1/projects/{place}/runs")
        scopes.append((answer.status_code, answer["X-RateLimit-Scope"]))

    assert scopes == [(200, "key")] * 3 + [(429, "key")]
    assert other.get("runs")["X-RateLimit-Scope"] == "org"
    refused = other.get("runs")
    assert (refused.status_code, refused["X-RateLimit-Scope"]) == (429, "org")
    assert int(refused["Retry-After"]) > 0
    limits._ledger.clear()


def test_an_owner_founds_archives_and_restores(lab: Project, owner: Api) -> None:
    made = owner.post("/v1/projects", {"name": "New"})
    assert made.status_code == 201, made.json()
    assert owner.get("/v1/projects/new/runs").status_code == 200

    assert owner.post("/v1/projects/lab/archive").status_code == 200

    spec = {"name": "r", "steps": [{"name": "a", "action": "b"}]}
    refused = owner.post("/v1/projects/lab/runs", {"spec": spec})
    assert (refused.status_code, refused.json()["code"]) == (409, "project_archived")
    assert owner.get("/v1/projects/lab/runs").status_code == 200
    assert owner.post("runs", {"spec": spec}).status_code == 202
    assert owner.post("/v1/projects/lab/restore").status_code == 200
