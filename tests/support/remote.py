"""The API over a real socket: a client, and a worker that a test moves by hand."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from tests.support.reference import judge_answer
from tests.support.sse import EventStream
from tests.support.waiting import wait_until

TIMEOUT_SECONDS = 60.0
FINISHED = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Reply:
    """An answer: ``body`` is the decoded JSON, None when there was none."""

    status: int
    headers: Message
    body: Any


class Remote:
    """Calls below one base URL; a connection per call, so it survives restarts.

    A path is below the project unless it begins with ``/``. May be used by several
    threads. OSError and http.client.HTTPException mean that there was no answer.
    """

    def __init__(self, base_url: str, api_key: str = "", project: str = "") -> None:
        self.base_url = base_url
        self.api_key = api_key
        self.project = project

    def url(self, path: str) -> str:
        """The whole address of ``path``."""
        below = path if path.startswith("/") else f"/v1/projects/{self.project}/{path}"
        return self.base_url + below

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request and read the whole answer."""
        parts = urlsplit(self.url(path))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sent = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
        )
        try:
            connection.request(method, target, content, {**sent, **(headers or {})})
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        found = json.loads(raw) if raw else None
        media = answer.headers.get("Content-Type")
        judge_answer(method, parts.path, answer.status, media, found)
        return Reply(answer.status, answer.headers, found)

    def get(self, path: str) -> Reply:
        """GET."""
        return self.call("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        """POST; an underscore in a header's name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, body, named)

    def start(self, spec: object, **fields: Any) -> str:
        """Start a run of an inline spec; return its id."""
        started = self.post("runs", {"spec": spec, **fields})
        assert started.status == 202, started.body
        return str(started.body["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A run in full."""
        found = self.get(f"runs/{run_id}")
        assert found.status == 200, found.body
        return dict(found.body)

    def wait_for(
        self, run_id: str, *statuses: str, seconds: float = 20
    ) -> dict[str, Any]:
        """The run once it has one of these statuses (any final one by default)."""
        wanted = statuses or FINISHED
        wait_until(
            lambda: self.run(run_id)["status"] in wanted, seconds=seconds, every=0.05
        )
        return self.run(run_id)

    def stream(self, run_id: str, **options: Any) -> EventStream:
        """Open a run's event stream."""
        url = self.url(f"runs/{run_id}/events")
        return EventStream(url, self.api_key, **options)


def b64(value: object) -> str:
    """A value in the form in which workers send results."""
    return base64.b64encode(json.dumps(value).encode()).decode()


class HandWorker:
    """A worker whose every call is made by the test."""

    def __init__(self, remote: Remote, worker_id: str = "worker-1") -> None:
        self.remote = remote
        self.worker_id = worker_id

    def ask(self, **wanted: Any) -> Reply:
        """Claim; 200 with a job, or 204. Waits up to 20 seconds unless told."""
        body = {"worker_id": self.worker_id, "wait_seconds": 20, **wanted}
        return self.remote.post("jobs/claim", body)

    def claim(self, **wanted: Any) -> dict[str, Any]:
        """Claim a job that is there or will be soon."""
        reply = self.ask(**wanted)
        assert reply.status == 200, f"no job: {reply}"
        return dict(reply.body)

    def heartbeat(self, job: Mapping[str, Any]) -> Reply:
        """Prolong the lease."""
        return self._say(job, "heartbeat", {})

    def emit(self, job: Mapping[str, Any], *events: dict[str, Any]) -> Reply:
        """Report events."""
        return self._say(job, "events", {"events": list(events)})

    def complete(self, job: Mapping[str, Any], result: object = None) -> Reply:
        """Report success, with a result unless it is None."""
        fields: dict[str, Any] = {"status": "completed"}
        if result is not None:
            fields["result_b64"] = b64(result)
        return self._say(job, "complete", fields)

    def fail(
        self, job: Mapping[str, Any], message: str = "it broke", kind: str = "Error"
    ) -> Reply:
        """Report failure."""
        failure = {"error_type": kind, "error_message": message}
        return self._say(job, "complete", {"status": "failed", **failure})

    def _say(self, job: Mapping[str, Any], verb: str, fields: dict[str, Any]) -> Reply:
        fence = {"worker_id": self.worker_id, "attempt": job["attempt"]}
        return self.remote.post(f"jobs/{job['job_id']}/{verb}", {**fence, **fields})
