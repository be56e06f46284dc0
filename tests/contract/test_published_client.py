"""The published client 0.0.5, unmodified, as a worker of a running system."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import httpx
import pytest
from deepnoodle.mobius import Client, ClientOptions, Worker, WorkerConfig
from deepnoodle.mobius._api.models import JobClaimRequest, JobFenceRequest
from deepnoodle.mobius.client import LeaseLostError, PayloadTooLargeError

from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec
from tests.support.stack import LEASE_SECONDS
from tests.support.waiting import wait_until

ONE_RETRY = [{"max_retries": 1, "base_delay": "0s"}]
SECONDS_MAX = 20
Action = Callable[..., Any]
RunWorker = Callable[..., None]


@pytest.fixture
def client(remote: Remote) -> Iterator[Client]:
    """The published client in the test's project."""
    options = ClientOptions(
        api_key=remote.api_key, base_url=remote.base_url, project=remote.project
    )
    with Client(options) as client:
        yield client


@pytest.fixture
def run_worker(client: Client) -> Iterator[RunWorker]:
    """Run a published Worker with these actions until the test ends."""
    running: list[tuple[Worker, threading.Thread]] = []

    def run(known: dict[str, Action], **config: Any) -> None:
        chosen = {"worker_id": "published", "poll_wait_seconds": 1, **config}
        worker = Worker(client, WorkerConfig(**chosen))
        for name, function in known.items():
            worker.register(name, function)
        thread = threading.Thread(target=worker.run)
        running.append((worker, thread))
        thread.start()

    yield run
    for worker, _ in running:
        worker.stop()
    for _, thread in running:
        thread.join(SECONDS_MAX)
        assert not thread.is_alive(), "the worker did not stop"


def test_the_client_is_the_published_one() -> None:
    assert version("deepnoodle-mobius") == "0.0.5"


def test_it_runs_every_step_and_its_results_feed_the_next(
    remote: Remote, run_worker: RunWorker
) -> None:
    parse = action("parse", parameters={"url": "${inputs.url}"}, store="parsed")
    index = action("index", parameters={"pages": "${state.parsed.pages}"})
    seen: list[dict[str, Any]] = []

    def do_parse(parameters: dict[str, Any]) -> dict[str, Any]:
        seen.append(parameters)
        return {"pages": 3}

    def do_index(parameters: dict[str, Any]) -> dict[str, Any]:
        seen.append(parameters)
        return {"indexed": parameters["pages"]}

    run_worker({"do.parse": do_parse, "do.index": do_index})
    run_id = remote.start(
        spec(parse, index, inputs=[{"name": "url", "type": "string"}]),
        inputs={"url": "https://example.com/doc.pdf"},
    )

    run = remote.wait_for(run_id)
    assert run["status"] == "completed"
    assert run["result"] == {"indexed": 3}
    assert seen == [{"url": "https://example.com/doc.pdf"}, {"pages": 3}]


def test_an_action_without_a_result_completes_its_step(
    remote: Remote, run_worker: RunWorker
) -> None:
    run_worker({"do.parse": lambda _: None, "do.index": lambda _: None})

    run = remote.wait_for(remote.start(TWO_STEPS))

    assert (run["status"], "result_b64" in run) == ("completed", False)


def test_its_heartbeats_keep_a_job_that_outlives_its_lease(
    remote: Remote, run_worker: RunWorker
) -> None:
    release = threading.Event()
    run_worker({"do.parse": lambda _: release.wait(SECONDS_MAX)})
    run_id = remote.start(ONE_STEP)

    def outlived() -> bool:
        (job,) = remote.run(run_id)["jobs"] or [{}]
        if "heartbeat_at" not in job:
            return False
        beat, claimed = (
            datetime.fromisoformat(job[name]) for name in ("heartbeat_at", "claimed_at")
        )
        return beat - claimed > timedelta(seconds=LEASE_SECONDS)

    wait_until(outlived, every=0.2)
    release.set()

    run = remote.wait_for(run_id)
    assert [(job["attempt"], job["status"]) for job in run["jobs"]] == [
        (1, "completed")
    ]


def test_its_events_reach_a_live_stream(remote: Remote, run_worker: RunWorker) -> None:
    def work(context: Any, _: dict[str, Any]) -> str:
        for percent in (0, 50, 100):
            context.emit_event("progress", {"pct": percent})
        return context.step_name  # type: ignore[no-any-return]

    run_id = remote.start(ONE_STEP)
    with remote.stream(run_id) as stream:
        run_worker({"do.parse": work})
        frames = stream.rest()

    progress = [frame for frame in frames if frame.type == "progress"]
    assert [frame.data["data"]["pct"] for frame in progress] == [0, 50, 100]
    assert frames[-1].data["data"]["status"] == "completed"
    assert remote.run(run_id)["result"] == "parse"


def test_an_exception_is_retried_by_policy_in_a_second_attempt(
    remote: Remote, run_worker: RunWorker
) -> None:
    attempts: list[int] = []

    def work(context: Any, _: dict[str, Any]) -> str:
        attempts.append(context.attempt)
        if context.attempt == 1:
            raise ValueError("not yet")
        return "now"

    run_worker({"do.parse": work})
    run = remote.wait_for(remote.start(spec(action("parse", retry=ONE_RETRY))))

    assert (run["status"], run["result"], attempts) == ("completed", "now", [1, 2])
    assert run["jobs"][0]["last_error"] == "not yet"


def test_an_exception_in_the_last_attempt_fails_the_run(
    remote: Remote, run_worker: RunWorker
) -> None:
    def work(_: dict[str, Any]) -> None:
        raise ValueError("never")

    run_worker({"do.parse": work})
    run = remote.wait_for(remote.start(spec(action("parse", retry=NO_RETRY))))

    assert run["status"] == "failed"
    assert (run["error_type"], run["error_message"]) == ("Error", "never")


def test_an_action_it_does_not_know_fails_with_that_reason(
    remote: Remote, run_worker: RunWorker
) -> None:
    run_worker({})

    run = remote.wait_for(remote.start(spec(action("parse", retry=NO_RETRY))))

    assert (run["status"], run["error_type"]) == ("failed", "ActionNotRegistered")
    assert "'do.parse'" in run["error_message"]


def test_a_cancelled_run_stays_cancelled_when_its_action_ends(
    remote: Remote, run_worker: RunWorker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="deepnoodle.mobius.worker")
    begun, release = threading.Event(), threading.Event()

    def work(_: dict[str, Any]) -> str:
        begun.set()
        release.wait(SECONDS_MAX)
        return "too late"

    run_worker({"do.parse": work, "do.index": lambda _: None})
    run_id = remote.start(TWO_STEPS)
    assert begun.wait(SECONDS_MAX)

    assert remote.post(f"runs/{run_id}/cancellations").status == 204
    wait_until(lambda: "cancel directive received" in caplog.text)
    release.set()
    wait_until(lambda: "job completed" in caplog.text)

    run = remote.run(run_id)
    assert (run["status"], "result_b64" in run) == ("cancelled", False)
    assert [job["status"] for job in run["jobs"]] == ["cancelled"]


def test_it_works_on_several_jobs_at_the_same_time(
    remote: Remote, run_worker: RunWorker
) -> None:
    together = threading.Barrier(5)

    def work(parameters: dict[str, Any]) -> int:
        together.wait(SECONDS_MAX)
        return int(parameters["number"])

    step = action("parse", parameters={"number": "${inputs.number}"})
    numbered = spec(step, inputs=[{"name": "number", "type": "number"}])
    run_ids = [remote.start(numbered, inputs={"number": n}) for n in range(5)]

    run_worker({"do.parse": work}, concurrency=5)

    with ThreadPoolExecutor(5) as pool:
        runs = list(pool.map(remote.wait_for, run_ids))
    assert [run["result"] for run in runs] == [0, 1, 2, 3, 4]
    assert {job["claimed_by"] for run in runs for job in run["jobs"]} == {"published"}


def test_it_takes_only_the_queues_and_actions_it_asks_for(
    remote: Remote, run_worker: RunWorker
) -> None:
    ours = remote.start(spec(action("parse")), queue="gpu")
    other_queue = remote.start(spec(action("parse")))
    other_action = remote.start(spec(action("index")), queue="gpu")

    run_worker({"do.parse": lambda _: 1}, queues=["gpu"], actions=["do.parse"])

    assert remote.wait_for(ours)["status"] == "completed"
    assert remote.run(other_queue)["status"] == "queued"
    assert remote.run(other_action)["status"] == "queued"


def test_it_is_listed_with_its_name_and_version(
    remote: Remote, run_worker: RunWorker
) -> None:
    run_worker({}, name="Ingest", version="1.2.3")
    wait_until(lambda: remote.get("workers").body["items"], every=0.05)

    (worker,) = remote.get("workers").body["items"]

    assert (worker["worker_id"], worker["name"]) == ("published", "Ingest")
    assert (worker["version"], worker["stale"]) == ("1.2.3", False)


def test_its_own_errors_are_raised_for_the_answers_they_stand_for(
    remote: Remote, client: Client
) -> None:
    asked = JobClaimRequest(worker_id="published", wait_seconds=0)
    assert client.claim_job(asked) is None
    remote.start(ONE_STEP)
    job = client.claim_job(JobClaimRequest(worker_id="published", wait_seconds=20))
    told: dict[str, Any] = {"worker_id": "published", "attempt": job.attempt}

    fence = JobFenceRequest(**told)
    assert client.heartbeat_job(job.job_id, fence).directives.should_cancel is False
    big = {"text": "x" * 17_000}
    with pytest.raises(PayloadTooLargeError):
        client.emit_job_event(job.job_id, **told, type="progress", payload=big)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        client.emit_job_event(job.job_id, **told, type="mobius.x", payload={})
    with pytest.raises(LeaseLostError):
        client.heartbeat_job(
            job.job_id, JobFenceRequest(worker_id="other", attempt=job.attempt)
        )


def test_a_job_it_lost_is_finished_by_another_worker(
    remote: Remote, client: Client
) -> None:
    run_id = remote.start(spec(action("parse", retry=ONE_RETRY)))
    lost = client.claim_job(JobClaimRequest(worker_id="published", wait_seconds=20))

    other = HandWorker(remote, "other")
    taken = other.claim()
    with pytest.raises(LeaseLostError):
        client.heartbeat_job(
            lost.job_id,
            JobFenceRequest(worker_id="published", attempt=lost.attempt),
        )
    other.complete(taken, "done")

    run = remote.wait_for(run_id)
    assert (run["status"], run["result"]) == ("completed", "done")
