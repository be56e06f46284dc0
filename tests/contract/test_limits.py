"""Limits of requests that no other test reaches, over a real socket where that is
where they are kept."""

import time
from collections.abc import Iterator

import httpx
import pytest
from django.conf import LazySettings

from apps.identity.models import Project
from apps.jobs.claiming import ACTIONS_MAX, QUEUES_MAX
from apps.jobs.requests import EVENTS_MAX
from apps.realtime import bridge, streams
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.workflows.specs import SPEC_BYTES_MAX
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all, start_run
from tests.support.server import running_server
from tests.support.specs import ONE_STEP, action, spec


@pytest.fixture
def caller(api: Api, transactional_db: None) -> Iterator[httpx.Client]:
    """A caller over a socket, in the project."""
    key = {"Authorization": f"Bearer {api.key}"}
    with running_server() as url:
        base = f"{url}/v1/projects/{api.project}"
        with httpx.Client(base_url=base, headers=key, timeout=10) as client:
            yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; both forms of an error say the same."""
    body = answer.json()
    assert body["error"]["code"] == body["code"]
    return answer.status_code, body["code"]


def test_a_body_over_the_limit_is_413_wherever_it_goes(
    caller: httpx.Client, settings: LazySettings
) -> None:
    settings.REQUEST_BYTES_MAX = 1000
    big = {"worker_id": "w" * 1000}

    for path in ("/runs", "/jobs/claim"):
        answer = caller.post(path, json=big)
        assert refusal(answer) == (413, "payload_too_large")
        sizes = answer.json()["details"]
        assert sizes["limit"] == 1000 < sizes["size"]
        assert f"{sizes['size']} bytes, the limit is 1000" in answer.json()["message"]


def test_a_server_with_too_many_streams_says_when_to_come_back(
    caller: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = caller.post("/runs", json={"spec": ONE_STEP}).json()["id"]
    monkeypatch.setattr(streams, "STREAMS_MAX", 0)

    answer = caller.get(f"/runs/{run_id}/events")

    assert refusal(answer) == (503, "service_unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_a_server_with_too_many_requests_in_line_says_when_to_come_back(
    caller: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "BACKLOG_MAX", 0)

    answer = caller.get("/runs")

    assert refusal(answer) == (503, "service_unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("name", "most"), [("queues", QUEUES_MAX), ("actions", ACTIONS_MAX)]
)
def test_a_claim_names_only_so_many(caller: httpx.Client, name: str, most: int) -> None:
    names = [f"n{number}" for number in range(most + 1)]

    refused = caller.post("/jobs/claim", json={"worker_id": "w", name: names})
    taken = caller.post("/jobs/claim", json={"worker_id": "w", name: names[:-1]})

    assert refusal(refused) == (400, "bad_request")
    assert refused.json()["details"]["path"] == name
    assert taken.status_code == 204


def test_a_claim_is_held_only_so_long(
    caller: httpx.Client, settings: LazySettings
) -> None:
    wait = settings.CLAIM_WAIT_SECONDS_MAX + 1

    refused = caller.post("/jobs/claim", json={"worker_id": "w", "wait_seconds": wait})

    assert refusal(refused) == (400, "bad_request")
    assert refused.json()["details"]["path"] == "wait_seconds"


def test_a_result_over_the_limit_is_413(
    api: Api, project: Project, settings: LazySettings
) -> None:
    api.post("runs", {"spec": ONE_STEP})
    dispatch_all()
    job = claim(project.id)
    assert job is not None
    done = {"worker_id": "w1", "attempt": 1, "status": "completed"}
    value = "x" * settings.RESULT_BYTES_MAX

    refused = api.post(
        f"jobs/{job['job_id']}/complete", {**done, "result_b64": b64(value)}
    )

    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")
    limit = settings.RESULT_BYTES_MAX
    assert refused.json()["message"] == (
        f"result_b64: {limit + 2} bytes, the limit is {limit}"
    )
    sizes = {"path": "result_b64", "limit": limit, "size": limit + 2}
    assert refused.json()["details"] == sizes
    small = {**done, "result_b64": b64(value[:-2])}
    assert api.post(f"jobs/{job['job_id']}/complete", small).status_code == 204


def test_a_worker_sends_only_so_many_events_at_once(api: Api, project: Project) -> None:
    api.post("runs", {"spec": ONE_STEP})
    dispatch_all()
    job = claim(project.id)
    assert job is not None
    events = [{"type": "x", "payload": {}}] * (EVENTS_MAX + 1)
    body = {"worker_id": "w1", "attempt": 1, "events": events}

    refused = api.post(f"jobs/{job['job_id']}/events", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "events"


def test_a_spec_over_the_limit_is_refused(api: Api) -> None:
    notes = {"note": "x" * 9000}
    steps = [action(f"a{n}", parameters=notes) for n in range(SPEC_BYTES_MAX // 9000)]

    assert api.post("runs", {"spec": spec(*steps[:-1])}).status_code == 202
    refused = api.post("runs", {"spec": spec(*steps)})

    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    details = refused.json()["details"]
    assert (details["path"], details["limit"]) == ("spec", SPEC_BYTES_MAX)
    assert details["size"] > SPEC_BYTES_MAX
    assert f"{details['size']} bytes, the limit is" in refused.json()["message"]


def test_an_event_over_the_limit_is_named_with_its_size(
    api: Api, project: Project, settings: LazySettings
) -> None:
    settings.EVENT_BYTES_MAX = 100
    api.post("runs", {"spec": ONE_STEP})
    dispatch_all()
    job = claim(project.id)
    assert job is not None
    events = [{"type": "x", "payload": {}}, {"type": "x", "payload": {"k": "v" * 100}}]
    body = {"worker_id": "w1", "attempt": 1, "events": events}

    refused = api.post(f"jobs/{job['job_id']}/events", body)

    assert refused.status_code == 413
    sizes = {"path": "events[1].payload", "limit": 100, "size": 108}
    assert refused.json()["details"] == sizes
    event = {"event_type": "custom.big", "event": {"k": "v" * 2_000_000}}
    published = api.post("source-events", event)
    assert published.status_code == 413
    assert published.json()["details"]["size"] > published.json()["details"]["limit"]
    assert api.get("source-events").json()["items"] == []


def test_a_run_over_its_steps_fails_and_names_limit_and_use(api: Api) -> None:
    endless = spec(action("a", each={"items": []}, next=[{"step": "a"}]))

    run_id = start_run(api, endless)

    run = Run.objects.get(id=run_id)
    assert (run.status, run.stop_reason) == ("failed", "step_limit_reached")
    told = RunEvent.objects.get(run_id=run_id, type="limit.reached").payload
    assert told["limit_kind"].startswith("steps")
    assert told["used"] > told["limit"] > 0


@pytest.mark.parametrize("scope", ["key", "org"])
def test_a_limit_of_requests_tells_all_of_its_headers(
    api: Api, settings: LazySettings, scope: str
) -> None:
    settings.RATE_LIMIT_KEY = 2 if scope == "key" else 1000
    settings.RATE_LIMIT_ORG = 2 if scope == "org" else 1000

    answers = [api.get("roles") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    for left, answer in zip((1, 0, 0), answers, strict=True):
        assert answer["X-RateLimit-Limit"] == "2"
        assert answer["X-RateLimit-Remaining"] == str(left)
        assert answer["X-RateLimit-Scope"] == scope
        assert "2;w=60" in answer["X-RateLimit-Policy"]
        assert 0 <= int(answer["X-RateLimit-Reset"]) - time.time() <= 61
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert answers[2].json()["details"]["scope"] == scope
