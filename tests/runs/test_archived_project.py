"""An archived project: all can be read, nothing begins, what is under way goes on."""

import pytest

from apps.identity.actor import OPERATOR
from apps.identity.models import Project
from apps.identity.services.archive_project import archive_project
from apps.identity.services.restore_project import restore_project
from apps.kernel import clock
from tests.contract.permission_table import IN_PROJECT
from tests.contract.worlds import World, make_world
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.factories import make_api, make_key, make_principal
from tests.support.specs import ONE_STEP, action, spec

#: What is still taken: it sees runs to their end, or takes access away.
TAKEN = {
    ("DELETE", ""),
    ("POST", "/archive"),
    ("POST", "/restore"),
    ("DELETE", "/api-keys/{key_id}"),
    ("DELETE", "/members/{user_id}"),
    ("DELETE", "/role-assignments/{assignment_id}"),
    ("POST", "/source-events"),
    ("POST", "/source-events/batch"),
    # Runs under way may wait for what an agent says; archiving one takes access away.
    ("POST", "/sessions/{session}/messages"),
    ("POST", "/sessions/{session}/previews"),
    ("DELETE", "/agents/{agent}"),
    ("POST", "/runs/cancellations"),
    ("POST", "/runs/{run_id}/cancellations"),
    ("POST", "/runs/{run_id}/cancel"),
    ("POST", "/runs/{run_id}/resumptions"),
    ("POST", "/runs/{run_id}/signals"),
    ("POST", "/runs/{run_id}/usage"),
    *((method, below) for method, below in IN_PROJECT if below.startswith("/jobs/")),
    *(
        (method, below)
        for method, below in IN_PROJECT
        if method == "POST" and below.startswith("/interactions/{interaction_id}/")
    ),
}


def archive(project: Project) -> None:
    """Put a project into the archive."""
    archive_project(project.id, by=OPERATOR, now=clock.now())


@pytest.fixture
def acme(db: None) -> World:
    return make_world("acme")


@pytest.mark.parametrize(
    ("method", "below"), [pytest.param(*r, id=" ".join(r)) for r in IN_PROJECT]
)
def test_every_route_reads_or_sees_to_the_end_or_is_refused(
    acme: World, method: str, below: str
) -> None:
    owner = make_api(acme.project, role="Owner")
    archive(acme.project)
    body = acme.body(IN_PROJECT[method, below])

    answer = owner.call(method.lower(), acme.path(below), body)

    code = answer.json().get("code") if answer.content else None
    if method == "GET" or (method, below) in TAKEN:
        assert code != "project_archived"
        assert answer.status_code < 500
    else:
        assert (answer.status_code, code) == (409, "project_archived")


def test_the_refusal_names_the_project_and_comes_after_the_permission(
    api: Api, project: Project
) -> None:
    viewer = make_api(project, role="Viewer")
    archive(project)

    refused = api.post("runs", {"spec": ONE_STEP})

    assert refused.json()["details"] == {"project": "acme"}
    assert viewer.post("runs", {"spec": ONE_STEP}).status_code == 403
    assert Api("acme", "mbx_no").post("runs", {}).status_code == 401


def test_a_run_under_way_goes_on_to_its_end_and_the_next_one_waits(
    api: Api, project: Project
) -> None:
    two = spec(action("a"), action("b"))
    run = api.post("runs", {"spec": two}).json()
    dispatch_all()
    archive(project)

    for _ in range(2):
        job = claim(project.id)
        assert job is not None
        report = {
            "worker_id": "w1",
            "attempt": 1,
            "status": "completed",
            "result_b64": b64({}),
        }
        assert api.post(f"jobs/{job['job_id']}/complete", report).status_code == 204
        dispatch_all()

    assert api.get(f"runs/{run['id']}").json()["status"] == "completed"
    assert api.post("runs", {"spec": ONE_STEP}).status_code == 409
    restore_project(project.id, by=OPERATOR, now=clock.now())
    assert api.post("runs", {"spec": ONE_STEP}).status_code == 202


def test_people_answer_and_keys_are_revoked_in_an_archived_project(
    api: Api, project: Project
) -> None:
    rita = make_principal(project, role="Operator", kind="human")
    hers = Api("acme", make_key(rita))
    question = {
        "type": "approval",
        "message": "Good?",
        "target": {"type": "user", "id": rita.id},
    }
    asked = api.post("interactions", question).json()
    archive(project)

    answered = hers.post(f"interactions/{asked['id']}/respond", {"value": True})
    assert answered.status_code == 200, answered.json()
    key = api.get(f"api-keys?principal_id={rita.id}").json()["items"][0]
    assert api.delete(f"api-keys/{key['id']}").status_code == 204
    assert hers.get("interactions").status_code == 401
    assert api.delete(f"members/{rita.id}").status_code == 204
