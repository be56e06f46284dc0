"""The demonstration: the worker against a scripted server, and the timeline."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mobius.local.demo import Timeline
from mobius.local.demo_worker import ACTIONS, Worker
from mobius.local.supervisor import wait_until

JOB = {
    "job_id": "job_1",
    "run_id": "run_1",
    "action": "doc.parse",
    "parameters": {"doc_url": "https://example.com/a/b.pdf"},
    "attempt": 2,
    "heartbeat_interval_seconds": 0.02,
}


class Script:
    """What the server does: one job, then nothing; and what it was told."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = [JOB]
        self.should_cancel = False
        self.claim_failures = 0
        self.complete_status = 204
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.completed = threading.Event()

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        verb = path.rsplit("/", 1)[1]
        self.told.append((verb, body))
        if verb == "claim":
            if self.claim_failures:
                self.claim_failures -= 1
                return 503, {"message": "not now"}
            return (200, self.jobs.pop()) if self.jobs else (204, None)
        if verb == "heartbeat":
            return 200, {
                "ok": True,
                "directives": {"should_cancel": self.should_cancel},
            }
        if verb == "complete":
            self.completed.set()
            return self.complete_status, None
        return 204, None

    def bodies(self, verb: str) -> list[dict[str, Any]]:
        return [body for told, body in self.told if told == verb]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def worker(script: Script) -> Iterator[Worker]:
    """A worker that runs against the scripted server until the test ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, body = script.answer(self.path, json.loads(self.rfile.read(length)))
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        worker = Worker(url, "mbx_test", "default", "demo-1")
        yield worker
        server.shutdown()


@pytest.fixture
def working(worker: Worker) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=worker.run, daemon=True)
    yield thread
    worker.end()
    thread.join(timeout=15)
    assert not thread.is_alive()


def test_a_job_is_claimed_beaten_reported_and_completed(
    script: Script, working: threading.Thread
) -> None:
    working.start()
    assert script.completed.wait(15)

    complete = script.bodies("complete")[0]
    result = json.loads(base64.b64decode(complete["result_b64"]))
    assert (complete["worker_id"], complete["attempt"]) == ("demo-1", 2)
    assert complete["status"] == "completed"
    assert result["pages"] == [["example", "com", "a"], ["b", "pdf"]]
    percents = [e["events"][0]["payload"]["pct"] for e in script.bodies("events")]
    assert percents == [60, 100]
    assert script.bodies("heartbeat")


def test_a_cancelled_job_is_reported_as_failed(
    script: Script, working: threading.Thread
) -> None:
    script.should_cancel = True
    working.start()
    assert script.completed.wait(15)

    complete = script.bodies("complete")[0]
    assert (complete["status"], complete["error_type"]) == ("failed", "Timeout")


def test_a_server_that_is_away_is_waited_for(
    script: Script, working: threading.Thread
) -> None:
    script.claim_failures = 1
    working.start()

    assert script.completed.wait(15)


def test_a_lost_lease_drops_the_result_and_the_worker_goes_on(
    script: Script, working: threading.Thread
) -> None:
    script.complete_status = 409
    working.start()
    assert script.completed.wait(15)

    claims = len(script.bodies("claim"))
    assert wait_until(lambda: len(script.bodies("claim")) > claims, seconds=15)


def test_the_index_counts_the_terms_of_the_pages() -> None:
    reported: list[int] = []

    result = ACTIONS["doc.index"](
        {"pages": [["a", "b"], ["a"]]}, lambda percent, _: reported.append(percent)
    )

    assert result == {"terms": 2, "occurrences": 3}
    assert reported == [50, 100]


def test_the_timeline_shows_time_progress_and_what_happened() -> None:
    timeline = Timeline()

    lines = [
        timeline.line(frame)
        for frame in (
            {"type": "run_updated", "data": {"status": "queued"}},
            {"type": "progress", "data": {"pct": 50, "doing": "parsing"}},
            {"type": "run_updated", "data": {"status": "completed"}},
        )
    ]

    assert "░░░░░░░░░░" in lines[0]
    assert "queued" in lines[0]
    assert "50 % parsing" in lines[1]
    assert "██" in lines[1]
    assert "██████████" in lines[2]
    assert all(" ms  " in line for line in lines)
