"""The guide to human input: walkthrough, follow-ups and troubleshooting."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.guides import (
    ASKING_CALLS,
    FOLLOW_ASKING,
    LIST_PENDING,
    RESPOND,
    START_ASKING,
    call,
)
from tests.contract.sessions import frames_in, start
from tests.contract.test_seed_000_follow_ups import bad_key, without_key
from tests.support.curl import Shell
from tests.support.remote import HandWorker, Remote
from tests.support.specs import action, spec
from tests.support.waiting import wait_until


@pytest.fixture
def reviewer(remote: Remote) -> str:
    """The person who will respond, as the list of members names them."""
    (member,) = remote.get("members").body["items"]
    return str(member["id"])


@pytest.fixture(params=[True, False], ids=["curl", "stand-in"])
def each_shell(
    request: pytest.FixtureRequest, variables: dict[str, str]
) -> Iterator[Shell]:
    """A terminal with the machine's curl, and one with our own in its place."""
    shell = Shell(variables, real=request.param)
    yield shell
    shell.close()


@pytest.fixture
def asked(shell: Shell, remote: Remote, reviewer: str) -> dict[str, Any]:
    """The guide up to its third step: its run waits, and the question is at hand."""
    shell.export(REVIEWER_ID=reviewer)
    run_id = shell.run(START_ASKING).json["id"]
    shell.export(RUN_ID=run_id)
    remote.wait_for(run_id, "suspended")
    (found,) = shell.run(LIST_PENDING).json["items"]
    shell.export(INTERACTION_ID=found["id"])
    return dict(found)


def asking(target: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A step that asks, stored for the steps after it."""
    block = {"type": "approval", "message": "Publish?", "timeout": "24h", **more}
    question = {"interaction": {**block, "target": target}, "store": "said"}
    return {"name": "get-approval", **question}


def pending(shell: Shell, remote: Remote, run_id: str) -> dict[str, Any]:
    remote.wait_for(run_id, "suspended")
    (found,) = shell.run(LIST_PENDING).json["items"]
    shell.export(INTERACTION_ID=found["id"])
    return dict(found)


def member(remote: Remote, name: str) -> tuple[str, Remote]:
    """A new member with a key of their own."""
    made = remote.post("members", {"name": name, "role_names": ["Viewer"]})
    assert made.status == 201, made.body
    named = {"name": name, "principal_id": made.body["id"]}
    key = remote.post("api-keys", named).body["key"]
    return made.body["id"], Remote(remote.base_url, key, remote.project)


# --- Walkthrough ----------------------------------------------------------------


def test_the_walkthrough_works_as_printed(
    each_shell: Shell, remote: Remote, reviewer: str
) -> None:
    shell = each_shell
    shell.export(REVIEWER_ID=reviewer)

    started = shell.run(START_ASKING)
    assert (started.status, started.json["status"]) == (202, "queued")
    run_id = started.json["id"]
    shell.export(RUN_ID=run_id)

    following = shell.begin(FOLLOW_ASKING)
    wait_until(lambda: '"status":"suspended"' in following.so_far())
    frames = frames_in(following.so_far())
    following.close()  # as the guide says, once the run is suspended
    for frame in frames:
        assert list(frame) == ["type", "run_id", "seq", "timestamp", "data"]
    last = [frame for frame in frames if frame["type"] == "run_updated"][-1]
    assert last["data"]["status"] == "suspended"

    listed = shell.run(LIST_PENDING)
    assert listed.status == 200
    (item,) = listed.json["items"]
    assert (item["type"], item["status"]) == ("approval", "pending")
    assert item["message"] == "Approve document for publication?"
    assert item["target"] == {"type": "user", "id": reviewer}
    assert item["spec"] == {"mode": "confirm"}
    assert (item["run_id"], item["id"][:5]) == (run_id, "iact_")
    shell.export(INTERACTION_ID=item["id"])

    answered = shell.run(RESPOND)
    assert (answered.status, answered.json["status"]) == (200, "completed")
    response = answered.json["response"]
    assert (response["value"], response["comment"]) == (True, "Looks good.")
    assert remote.wait_for(run_id)["status"] == "completed"
    assert shell.run(LIST_PENDING).json["items"] == []


def test_the_run_is_queued_again_and_goes_on_with_the_answer(
    shell: Shell, remote: Remote, worker: HandWorker, reviewer: str
) -> None:
    given = {"value": "${state.said.value}", "comment": "${state.said.comment}"}
    asks = asking({"type": "user", "id": reviewer})
    run_id = start(shell, remote, spec(asks, action("publish", parameters=given)))
    pending(shell, remote, run_id)

    with remote.stream(run_id) as stream:
        assert shell.run(RESPOND).status == 200
        job = worker.claim()
        worker.complete(job, "published")
        frames = [frame.data for frame in stream.rest()]

    assert job["parameters"] == {"value": True, "comment": "Looks good."}
    updates = [frame for frame in frames if frame["type"] == "run_updated"]
    statuses = [frame["data"]["status"] for frame in updates]
    changes = [s for n, s in enumerate(statuses) if statuses[n - 1 : n] != [s]]
    assert changes == ["suspended", "queued", "running", "completed"]


# --- Follow-ups -----------------------------------------------------------------


def test_a_signal_bypasses_the_question(
    shell: Shell, remote: Remote, asked: dict[str, Any]
) -> None:
    body = '{"name": "get-approval", "payload": {"value": true}}'

    sent = shell.run(call("POST", "runs/$RUN_ID/signals", body))

    assert sent.status == 202
    assert remote.wait_for(asked["run_id"])["status"] == "completed"
    found = shell.run(call("GET", "interactions/$INTERACTION_ID")).json
    assert found["status"] == "cancelled"


def test_any_member_answers_for_a_group_unless_all_are_required(
    shell: Shell, remote: Remote
) -> None:
    (ann, by_ann), (ben, by_ben) = (member(remote, name) for name in ("Ann", "Ben"))
    group = remote.post("groups", {"name": "Editors"}).body
    for one in (ann, ben):
        assert remote.post("groups/editors/members", {"user_id": one}).status == 201
    target = {"type": "group", "id": group["handle"]}

    run_id = start(shell, remote, spec(asking(target)))
    question = pending(shell, remote, run_id)
    assert question["require_all"] is False
    said = by_ben.post(f"interactions/{question['id']}/respond", {"value": True})
    assert (said.status, said.body["status"]) == (200, "completed")
    assert remote.wait_for(run_id)["status"] == "completed"

    run_id = start(shell, remote, spec(asking({**target, "require_all": True})))
    question = pending(shell, remote, run_id)
    path = f"interactions/{question['id']}/respond"
    assert question["require_all"] is True
    assert by_ann.post(path, {"value": True}).body["status"] == "pending"
    assert remote.run(run_id)["status"] == "suspended"
    assert by_ann.post(path, {"value": True}).status == 409
    assert by_ben.post(path, {"value": True}).body["status"] == "completed"
    assert remote.wait_for(run_id)["status"] == "completed"


def test_an_interaction_is_retrieved_by_its_id(
    shell: Shell, asked: dict[str, Any]
) -> None:
    found = shell.run(call("GET", "interactions/$INTERACTION_ID"))

    assert (found.status, found.json) == (200, asked)
    shell.export(INTERACTION_ID="iact_unknown")
    assert shell.run(call("GET", "interactions/$INTERACTION_ID")).status == 404


def test_a_standalone_interaction_belongs_to_no_run(
    shell: Shell, reviewer: str
) -> None:
    shell.export(REVIEWER_ID=reviewer)
    target = """{"type": "member", "id": "'"$REVIEWER_ID"'"}"""
    body = f'{{"type": "approval", "message": "Fine?", "target_actor": {target}}}'

    made = shell.run(call("POST", "interactions", body))

    assert (made.status, made.json["status"]) == (201, "pending")
    assert not {"run_id", "signal_name"} & made.json.keys()
    shell.export(INTERACTION_ID=made.json["id"])
    assert shell.run(RESPOND).json["status"] == "completed"


# --- Troubleshooting ------------------------------------------------------------


def test_before_the_step_is_reached_there_are_no_items(
    shell: Shell, remote: Remote, worker: HandWorker, reviewer: str
) -> None:
    asks = asking({"type": "user", "id": reviewer})
    run_id = start(shell, remote, spec(action("parse"), asks))
    job = worker.claim()

    early = shell.run(LIST_PENDING)
    assert (early.status, early.json["items"]) == (200, [])
    worker.complete(job)

    remote.wait_for(run_id, "suspended")
    assert len(shell.run(LIST_PENDING).json["items"]) == 1


def test_a_second_response_is_409_and_the_status_says_completed(
    shell: Shell, asked: dict[str, Any]
) -> None:
    assert shell.run(RESPOND).status == 200

    again = shell.run(RESPOND)

    assert (again.status, again.json["code"]) == (409, "conflict")
    assert again.json["details"]["status"] == "completed"
    found = shell.run(call("GET", "interactions/$INTERACTION_ID")).json
    assert found["status"] == "completed"


def test_a_response_after_the_timeout_is_409_and_the_status_says_expired(
    shell: Shell, remote: Remote, reviewer: str
) -> None:
    asks = asking({"type": "user", "id": reviewer}, timeout="1s")
    run_id = start(shell, remote, spec(asks))
    pending(shell, remote, run_id)
    assert remote.wait_for(run_id)["status"] == "failed"

    late = shell.run(RESPOND)

    assert (late.status, late.json["details"]) == (409, {"status": "expired"})
    found = shell.run(call("GET", "interactions/$INTERACTION_ID")).json
    assert found["status"] == "expired"
    assert remote.run(run_id)["error_type"] == "timeout"


@pytest.mark.parametrize("key", ["missing", "revoked"])
def test_every_call_is_401_without_a_good_key(
    shell: Shell, remote: Remote, asked: dict[str, Any], key: str
) -> None:
    shell.export(MOBIUS_API_KEY=bad_key(remote, key))

    for name, command in ASKING_CALLS.items():
        refused = shell.run(without_key(command) if key == "missing" else command)
        assert (name, refused.status) == (name, 401)
        assert refused.json["code"] == "unauthorized"
    assert remote.get(f"interactions/{asked['id']}").body["status"] == "pending"
