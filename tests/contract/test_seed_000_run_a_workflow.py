"""The guide "Run a workflow from your code": its walkthrough and the stream."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.guides import CREATE_WORKFLOW, FOLLOW_RUN, READ_RUN, START_RUN, call
from tests.contract.sessions import create_and_start, frames_in, start
from tests.support.curl import Shell
from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec
from tests.support.waiting import wait_until

# --- Walkthrough ----------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["curl", "stand-in"])
def each_shell(
    request: pytest.FixtureRequest, variables: dict[str, str]
) -> Iterator[Shell]:
    """A terminal with the machine's curl, and one with our own in its place."""
    shell = Shell(variables, real=request.param)
    yield shell
    shell.close()


def test_the_walkthrough_works_as_printed(
    each_shell: Shell, worker: HandWorker
) -> None:
    shell = each_shell
    created = shell.run(CREATE_WORKFLOW)
    assert (created.status, created.json["handle"]) == (201, "ingest-document")
    assert created.json["id"].startswith("aut_")
    shell.export(WORKFLOW_ID=created.json["id"])

    started = shell.run(START_RUN)
    assert (started.status, started.json["status"]) == (202, "queued")
    assert started.json["id"].startswith("run_")
    assert started.json["external_id"] == "doc-abc123"
    assert started.json["inputs"] == {"doc_url": "https://example.com/doc.pdf"}
    shell.export(RUN_ID=started.json["id"])

    following = shell.begin(FOLLOW_RUN)
    wait_until(lambda: "data: " in following.so_far())
    for result in ({"pages": 3}, {"indexed": 3}):
        assert worker.complete(worker.claim(), result).status == 204

    followed = following.wait()  # the server ends the stream after the last frame
    assert followed.status == 200
    assert followed.headers["content-type"] == "text/event-stream"
    frames = frames_in(followed.text)
    assert frames[0]["type"] == "run_updated"
    assert frames[0]["data"]["status"] == "queued"
    assert (frames[-1]["type"], frames[-1]["data"]["status"]) == (
        "run_updated",
        "completed",
    )

    finished = shell.run(READ_RUN)
    assert (finished.status, finished.json["status"]) == (200, "completed")
    result = json.loads(base64.b64decode(finished.json["result_b64"]))
    assert result == finished.json["result"] == {"indexed": 3}


def test_a_workflow_without_output_has_no_result(
    shell: Shell, worker: HandWorker, remote: Remote
) -> None:
    run_id = start(shell, remote, ONE_STEP)
    worker.complete(worker.claim())

    remote.wait_for(run_id, "completed")

    assert "result_b64" not in shell.run(READ_RUN).json


def test_a_handle_of_ones_own_choice_is_kept_and_unique(shell: Shell) -> None:
    body = '{"name": "%s", "handle": "my-flow", "spec": {"name": "f", "steps": [%s]}}'
    step = '{"name": "a", "action": "b"}'

    first = shell.run(call("POST", "workflows", body % ("First", step)))
    second = shell.run(call("POST", "workflows", body % ("Second", step)))

    assert (first.status, first.json["handle"]) == (201, "my-flow")
    assert (second.status, second.json["code"]) == (409, "conflict")


# --- The stream -----------------------------------------------------------------


def test_every_frame_has_the_five_keys_and_all_but_the_seed_an_id(
    shell: Shell, worker: HandWorker
) -> None:
    create_and_start(shell)
    following = shell.begin(FOLLOW_RUN)
    for _ in range(2):
        worker.complete(worker.claim(), 1)
    text = following.wait().text

    frames = frames_in(text)
    assert {tuple(frame) for frame in frames} == {
        ("type", "run_id", "seq", "timestamp", "data")
    }
    types = {frame["type"] for frame in frames}
    assert types == {"run_updated", "job_updated", "action_appended"}
    assert {frame["run_id"] for frame in frames} == {shell.run(READ_RUN).json["id"]}
    for frame in frames:
        moment = datetime.fromisoformat(frame["timestamp"])
        assert frame["timestamp"].endswith("Z")
        assert datetime.now(UTC) - moment < timedelta(minutes=1)
    ids = [line[4:] for line in text.splitlines() if line.startswith("id: ")]
    assert ids == [str(frame["seq"]) for frame in frames[1:]]
    first = frames[0]["seq"] + 1
    assert [int(id_) for id_ in ids] == list(range(first, first + len(ids)))


def test_only_the_terminal_frame_shows_a_final_status(
    shell: Shell, worker: HandWorker
) -> None:
    create_and_start(shell)
    following = shell.begin(FOLLOW_RUN)
    for _ in range(2):
        worker.complete(worker.claim())

    statuses = [
        frame["data"]["status"]
        for frame in frames_in(following.wait().text)
        if frame["type"] == "run_updated"
    ]

    assert statuses.count("completed") == 1
    assert statuses[-1] == "completed"


def test_a_reconnect_is_seeded_with_the_latest_state(
    shell: Shell, worker: HandWorker, remote: Remote
) -> None:
    run_id = create_and_start(shell)
    for _ in range(2):
        worker.complete(worker.claim())
    remote.wait_for(run_id, "completed")

    frames = frames_in(shell.run(FOLLOW_RUN).text)

    assert [frame["data"]["status"] for frame in frames] == ["completed"]


@pytest.mark.parametrize("way", ["query", "header"])
def test_a_reconnect_gets_exactly_what_it_has_not_seen(
    shell: Shell, worker: HandWorker, way: str
) -> None:
    create_and_start(shell)
    following = shell.begin(FOLLOW_RUN)
    for _ in range(2):
        worker.complete(worker.claim())
    whole = frames_in(following.wait().text)[1:]
    seen = whole[len(whole) // 2]["seq"]
    again = FOLLOW_RUN.strip()
    if way == "query":
        again = again.replace("/events", f"/events?since={seen}")
    else:
        again += f' -H "Last-Event-ID: {seen}"'

    frames = frames_in(shell.run(again).text)

    assert frames[0]["type"] == "run_updated"
    assert frames[1:] == [frame for frame in whole if frame["seq"] > seen]


def test_the_stream_of_a_failing_run_ends_with_failed(
    shell: Shell, worker: HandWorker, remote: Remote
) -> None:
    start(shell, remote, spec(action("parse", retry=NO_RETRY)))
    following = shell.begin(FOLLOW_RUN)
    worker.fail(worker.claim(), "no such document")

    last = frames_in(following.wait().text)[-1]

    assert (last["type"], last["data"]["status"]) == ("run_updated", "failed")
