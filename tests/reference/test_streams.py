"""Streams and held claims keep to the reference: headers, media types, frames."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.agents.frames import PREVIEWS
from tests.support.drive import dispatch_all
from tests.support.factories import make_api, make_project
from tests.support.reference import closed_contract, validator_of
from tests.support.remote import Remote
from tests.support.server import running_server
from tests.support.specs import ONE_STEP
from tests.support.sse import EventStream, SseFrame

BELOW = "/v1/projects/{project}"
STREAM = "text/event-stream"
STEPS = [{"id": "a", "kind": "action", "config": {"action_name": "b"}}]


@pytest.fixture
def remote(transactional_db: None) -> Iterator[Remote]:
    """A caller with every permission; every answer that it gets is judged."""
    with running_server() as url:
        project = make_project("acme")
        yield Remote(url, make_api(project, role="Owner").key, "acme")


@pytest.fixture
def over(remote: Remote) -> str:
    """A cancelled run of a workflow."""
    run_id = remote.start(ONE_STEP)
    dispatch_all()
    assert remote.post(f"runs/{run_id}/cancellations", {}).status == 204
    return run_id


def answer_of(path: str, status: int = 200) -> dict[str, Any]:
    """What the document says of an answer of a stream."""
    responses = closed_contract()["paths"][BELOW + path]["get"]["responses"]
    return dict(responses[str(status)])


def faults(path: str, stream: EventStream, frames: list[SseFrame]) -> list[str]:
    """What is wrong with frames, by the reference."""
    answer = answer_of(path)
    assert stream.status == 200
    assert stream.headers["Content-Type"] == STREAM
    assert all(name in stream.headers for name in answer["headers"])
    validator = validator_of(answer["content"][STREAM]["x-event-data"])
    assert len(frames) >= 2
    return [
        str(error) for frame in frames for error in validator.iter_errors(frame.data)
    ]


def test_a_claim_is_answered_with_a_job_or_with_nothing(remote: Remote) -> None:
    assert remote.post("jobs/claim", {"worker_id": "w"}).status == 204
    assert remote.post("jobs/claim", {"queues": []}).status == 400
    remote.start(ONE_STEP)
    dispatch_all()

    assert remote.post("jobs/claim", {"worker_id": "w"}).status == 200


@pytest.mark.parametrize("end", ["events", "events.stream"])
def test_frames_of_a_workflows_run(remote: Remote, over: str, end: str) -> None:
    url = remote.url(f"runs/{over}/{end}")

    with EventStream(url, remote.api_key, since=1) as stream:
        assert faults(f"/runs/{{run}}/{end}", stream, stream.rest()) == []


def test_frames_and_the_list_of_a_loops_run(remote: Remote) -> None:
    loop = remote.post("loops", {"name": "Nightly", "steps": STEPS}).body["id"]
    run_id = remote.post(f"loops/{loop}/runs", {}).body["id"]
    dispatch_all()
    assert remote.post(f"runs/{run_id}/cancel", {}).status == 200
    url = remote.url(f"runs/{run_id}/events")

    assert remote.get(f"runs/{run_id}/events").body["items"]
    with EventStream(url, remote.api_key, accept=STREAM) as stream:
        assert faults("/runs/{run}/events", stream, stream.rest()) == []


def test_frames_of_a_project(remote: Remote) -> None:
    with EventStream(remote.url("runs/events"), remote.api_key) as stream:
        run_id = remote.start(ONE_STEP)
        dispatch_all()
        remote.post(f"runs/{run_id}/cancellations", {})

        frames = stream.until(lambda frame: frame.line == "run.cancelled")
        assert faults("/runs/events", stream, frames) == []


@pytest.mark.parametrize(
    "path",
    ["/sessions/{session}/stream", "/agents/{agent}/sessions/{session}/events.stream"],
)
def test_frames_of_a_session(remote: Remote, path: str) -> None:
    agent = remote.post("agents", {"name": "helper"}).body["id"]
    session = remote.post("sessions", {"agent_id": agent}).body["id"]
    url = remote.url(path[1:].format(agent=agent, session=session))
    below = f"sessions/{session}"

    with EventStream(url, remote.api_key) as stream:
        for role in ("user", "agent", "system", "tool"):
            said = {"messages": [{"role": role, "content": "Hello"}]}
            assert remote.post(f"{below}/messages", said).status == 200
        frames = stream.take(4)
        assert remote.post(f"{below}/previews", {"data": {"text": "H"}}).status == 204
        frames += stream.take(1)

        assert [frame.event for frame in frames][3:] == ["tool.message", *PREVIEWS[:1]]
        assert faults(path, stream, frames) == []


@pytest.mark.parametrize("path", ["runs/run_none/events", "runs/events?since=x"])
def test_streams_refuse_as_others_do(remote: Remote, path: str) -> None:
    assert remote.get(path).status in (400, 404)
    stranger = Remote(remote.base_url, "", "acme")
    assert stranger.get(path).status == 401
