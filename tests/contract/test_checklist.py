"""The acceptance checklist of the published documents: items 1 to 11, one by one.

Each test's docstring says which item it shows. Most are shown in more depth by the
guides' own files; here each stands alone.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.remote import HandWorker, Remote
from tests.support.specs import ONE_STEP, TWO_STEPS, action, spec
from tests.support.stack import Stack

RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def key_with(remote: Remote, role: str | None) -> Remote:
    """A client whose key's principal holds one built-in role, or none."""
    name = f"holder-{role}".lower()
    roles = [role] if role else []
    body = {"name": name, "kind": "service", "role_names": roles}
    principal = remote.post("principals", body).body["id"]
    asked = {"name": name, "principal_id": principal}
    key = remote.post(
        "api-keys", {**asked, "allow_unassigned_principal": not roles}
    ).body
    return Remote(remote.base_url, key["key"], remote.project)


# --- Auth and conventions -------------------------------------------------------


def test_a_missing_or_revoked_key_is_401(remote: Remote) -> None:
    """Item 1."""
    spare = key_with(remote, "Admin")
    assert spare.get("runs").status == 200
    (found,) = [
        key
        for key in remote.get("api-keys").body["items"]
        if key["name"] == "holder-admin"
    ]

    remote.call("DELETE", f"api-keys/{found['id']}")

    assert spare.api_key.startswith("mbx_")
    assert spare.get("runs").status == 401
    assert Remote(remote.base_url, "", remote.project).get("runs").status == 401


def test_a_keys_rights_are_its_principals_roles_in_one_project(
    stack: Stack, remote: Remote
) -> None:
    """Item 2."""
    viewer = key_with(remote, "Viewer")
    other = stack.remote(stack.new_tenant())

    assert viewer.get("runs").status == 200
    assert viewer.post("runs", {"spec": ONE_STEP}).status == 403
    assert key_with(remote, None).get("runs").status == 403
    stranger = Remote(remote.base_url, other.api_key, remote.project)
    assert stranger.get("runs").status == 404


def test_everything_is_below_v1_with_the_projects_handle_in_the_path(
    remote: Remote,
) -> None:
    """Item 3."""
    (project,) = remote.get("/v1/projects").body["items"]

    assert project["handle"] == remote.project
    assert remote.get(f"/v1/projects/{project['id']}/runs").status == 200
    assert remote.get(f"/v0/projects/{remote.project}/runs").status == 404
    assert remote.get(f"/projects/{remote.project}/runs").status == 404


def test_ids_say_what_they_are_of(
    remote: Remote, ask_approval: dict[str, Any], worker: HandWorker
) -> None:
    """Item 4."""
    workflow = remote.post("workflows", {"name": "W", "spec": ONE_STEP}).body["id"]
    run_id = remote.start(spec(action("parse"), ask_approval))
    job = worker.claim()
    worker.complete(job)
    remote.wait_for(run_id, "suspended")
    (asked,) = remote.get(f"interactions?run_id={run_id}").body["items"]
    (key,) = remote.get("api-keys").body["items"]

    found = (workflow, run_id, job["job_id"], asked["id"], key["id"])
    prefixes = [id_.partition("_")[0] for id_ in found]

    assert prefixes == ["aut", "run", "job", "iact", "key"]


def test_lists_are_paged_by_opaque_cursors(remote: Remote) -> None:
    """Item 5."""
    started = [remote.start(ONE_STEP) for _ in range(5)]
    seen: list[str] = []
    path = "runs?limit=2"
    while True:
        page = remote.get(path).body
        seen += [run["id"] for run in page["items"]]
        if not page["has_more"]:
            break
        assert re.fullmatch(r"[A-Za-z0-9_-]+", page["next_cursor"])
        path = f"runs?limit=2&cursor={page['next_cursor']}"

    assert seen == started[::-1]
    assert "next_cursor" not in page


def test_errors_carry_code_message_and_details(remote: Remote) -> None:
    """Item 6."""
    refused = [
        Remote(remote.base_url, "", remote.project).get("runs"),
        remote.get("runs/run_unknown"),
        remote.get("runs?cursor=*"),
        remote.post("runs", {"surprise": 1}),
        remote.call("PUT", "runs"),
        remote.get("/v1/nothing"),
        remote.post("jobs/claim", {"worker_id": ""}),
    ]

    assert [reply.status for reply in refused] == [401, 404, 400, 400, 405, 404, 400]
    for reply in refused:
        assert set(reply.body) == {"code", "message", "details", "error"}
        flat = {name: reply.body[name] for name in ("code", "message", "details")}
        assert reply.body["error"] == flat
        assert reply.headers["content-type"] == "application/json"


def test_instants_are_rfc_3339_in_utc(remote: Remote, worker: HandWorker) -> None:
    """Item 7."""
    run_id = remote.start(ONE_STEP)
    worker.complete(worker.claim())
    run = remote.wait_for(run_id)
    instants = [
        v for n, v in [*run.items(), *run["jobs"][0].items()] if n[-3:] == "_at"
    ]

    assert len(instants) >= 8
    for instant in instants:
        assert RFC_3339_UTC.fullmatch(instant)
        moment = datetime.fromisoformat(instant)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_an_idempotency_key_starts_one_run(remote: Remote) -> None:
    """Item 8."""
    body = {"spec": ONE_STEP, "external_id": "doc-1"}

    def start(_: int) -> Any:
        return remote.post("runs", body, Idempotency_Key="once-1")

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(start, range(4)))

    assert {reply.status for reply in replies} == {202}
    assert len({reply.body["id"] for reply in replies}) == 1
    assert len(remote.get("runs").body["items"]) == 1
    other = remote.post("runs", {"spec": TWO_STEPS}, Idempotency_Key="once-1")
    assert (other.status, other.body["code"]) == (409, "idempotency_key_conflict")


# --- Workflows ------------------------------------------------------------------


def test_a_workflow_is_created(remote: Remote) -> None:
    """Item 9."""
    made = remote.post("workflows", {"name": "Ingest document", "spec": TWO_STEPS})

    assert made.status == 201
    assert made.body["spec"] == TWO_STEPS
    assert remote.get(f"workflows/{made.body['id']}").body == made.body


def test_a_handle_comes_from_the_name_and_is_unique(remote: Remote) -> None:
    """Item 10."""
    first = remote.post("workflows", {"name": "Ingest document", "spec": ONE_STEP})
    clash = {"name": "Other", "handle": "ingest-document", "spec": ONE_STEP}

    assert first.body["handle"] == "ingest-document"
    assert remote.post("workflows", clash).status == 409
    assert remote.get("workflows/ingest-document").body["id"] == first.body["id"]


def test_the_same_name_is_409_and_patch_updates(remote: Remote) -> None:
    """Item 11."""
    body = {"name": "Ingest document", "spec": ONE_STEP}
    first = remote.post("workflows", body).body

    assert remote.post("workflows", body).status == 409
    path = f"workflows/{first['id']}"
    patched = remote.call("PATCH", path, {"spec": TWO_STEPS})

    assert patched.status == 200
    assert (patched.body["latest_version"], patched.body["spec"]) == (2, TWO_STEPS)
