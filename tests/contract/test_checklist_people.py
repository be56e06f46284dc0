"""The acceptance checklist of the published documents: items 27 to 32, one by one.

Each test's docstring says which item it shows.
"""

from typing import Any

from tests.contract.keys import key_with
from tests.support.remote import HandWorker, Remote
from tests.support.specs import action, spec
from tests.support.stack import Tenant
from tests.support.waiting import wait_until


def pending(remote: Remote, run_id: str) -> list[dict[str, Any]]:
    found = remote.get(f"interactions?run_id={run_id}&status=pending")
    assert found.status == 200
    return list(found.body["items"])


def suspended(remote: Remote, *steps: dict[str, Any]) -> dict[str, Any]:
    """Start a run that asks; return its question once the run waits."""
    run_id = remote.start(spec(*steps))
    remote.wait_for(run_id, "suspended")
    (question,) = pending(remote, run_id)
    return question


def respond(remote: Remote, question: dict[str, Any], **body: Any) -> Any:
    path = f"interactions/{question['id']}/respond"
    return remote.post(path, {"value": True, **body})


def test_an_interaction_step_suspends_the_run_and_asks(
    remote: Remote, tenant: Tenant
) -> None:
    """Item 27."""
    target = {"type": "user", "id": tenant.reviewer_id}
    block = {
        "type": "approval",
        "message": "Is it good?",
        "target": target,
        "timeout": "24h",
        "spec": {"mode": "confirm"},
    }

    question = suspended(remote, {"name": "ask", "interaction": block})

    shown = {name: question[name] for name in ("type", "message", "target", "spec")}
    assert shown == {name: block[name] for name in shown}
    assert (question["status"], "expires_at" in question) == ("pending", True)
    assert remote.run(question["run_id"])["status"] == "suspended"


def test_there_are_no_items_before_the_step_is_reached(
    remote: Remote, worker: HandWorker, ask_approval: dict[str, Any]
) -> None:
    """Item 28."""
    run_id = remote.start(spec(action("parse"), ask_approval))
    job = worker.claim()
    assert pending(remote, run_id) == []

    worker.complete(job)

    wait_until(lambda: pending(remote, run_id), every=0.05)


def test_a_response_completes_the_interaction_and_queues_the_run(
    remote: Remote, worker: HandWorker, ask_approval: dict[str, Any]
) -> None:
    """Item 29."""
    question = suspended(remote, ask_approval, action("publish"))

    done = respond(remote, question, comment="Looks good.")

    assert (done.status, done.body["status"]) == (200, "completed")
    remote.wait_for(question["run_id"], "queued")
    worker.complete(worker.claim())
    assert remote.wait_for(question["run_id"])["status"] == "completed"


def test_a_response_to_what_is_over_is_409(
    remote: Remote, ask_approval: dict[str, Any]
) -> None:
    """Item 30."""
    done = suspended(remote, ask_approval)
    respond(remote, done)
    ask_approval["interaction"]["timeout"] = "1s"
    late = suspended(remote, ask_approval)
    remote.wait_for(late["run_id"], "failed")

    for question, status in ((done, "completed"), (late, "expired")):
        refused = respond(remote, question)
        assert (refused.status, refused.body["details"]) == (409, {"status": status})


def test_all_members_of_a_group_respond_where_all_are_required(remote: Remote) -> None:
    """Item 31."""
    robot = key_with(remote, "Operator").client
    remote.post("groups", {"name": "Editors"})
    ids = [remote.post("members", {"name": n}).body["id"] for n in ("Ann", "Ben")]
    for id_ in ids:
        remote.post("groups/editors/members", {"user_id": id_})
    block = {
        "type": "approval",
        "message": "Is it good?",
        "target": {"type": "group", "id": "editors", "require_all": True},
        "timeout": "1h",
    }
    question = suspended(remote, {"name": "ask", "interaction": block})

    statuses = [
        respond(robot, question, on_behalf_of=id_).body["status"] for id_ in ids
    ]

    assert statuses == ["pending", "completed"]
    assert remote.wait_for(question["run_id"])["status"] == "completed"


def test_a_standalone_interaction_is_created_and_read(
    remote: Remote, tenant: Tenant
) -> None:
    """Item 32."""
    target = {"type": "member", "id": tenant.reviewer_id}
    body = {"type": "approval", "message": "Fine?", "target_actor": target}

    made = remote.post("interactions", body)

    assert made.status == 201
    assert "run_id" not in made.body
    assert remote.get(f"interactions/{made.body['id']}").body == made.body
