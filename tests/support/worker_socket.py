"""A worker on a socket whose every frame is sent by the test."""

import contextlib
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.api import Api

ANSWER_SECONDS_MAX = 15.0
#: What the server sends by itself; who waits for an answer passes them by.
ASIDE = ("keepalive", "work.available")


class SocketWorker:
    """One connection. Frames that were read while waiting for others are kept."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.token = ""
        self._read: list[dict[str, Any]] = []

    @classmethod
    @contextlib.contextmanager
    def on(cls, url: str, api: Api, **options: Any) -> Iterator[Self]:
        """Connect to the server at ``url`` with the key of ``api``."""
        address = url.replace("http", "ws", 1)
        path = f"/v1/projects/{api.project}/workers/socket"
        headers = {"Authorization": f"Bearer {api.key}"}
        options = {"compression": None, "ping_interval": None, **options}
        with connect(address + path, additional_headers=headers, **options) as opened:
            yield cls(opened)

    def send(self, kind: str, **fields: Any) -> str:
        """Send a frame; return its message id."""
        message_id = str(fields.pop("message_id", uuid.uuid4()))
        frame = {"type": kind, "message_id": message_id, **fields}
        self.connection.send(json.dumps(frame))
        return message_id

    def expect(
        self, kind: str, *, seconds: float = ANSWER_SECONDS_MAX, **fields: Any
    ) -> dict[str, Any]:
        """Return the next frame of this kind with these fields; keep the others."""
        deadline = time.monotonic() + seconds
        looked_at = 0
        while True:
            for place, frame in enumerate(self._read[looked_at:], looked_at):
                if frame["type"] == kind and fields.items() <= frame.items():
                    return self._read.pop(place)
            looked_at = len(self._read)
            try:
                raw = self.connection.recv(timeout=max(0, deadline - time.monotonic()))
            except TimeoutError:
                raise AssertionError(f"no {kind} but {self._read}") from None
            self._read.append(json.loads(raw))

    def read(self) -> list[dict[str, Any]]:
        """Return all frames that are there, sent by the server or kept."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            while True:
                self._read.append(json.loads(self.connection.recv(timeout=0.05)))
        read, self._read = self._read, []
        return read

    def closed_with(self) -> int:
        """Read until the server hangs up; return its code."""
        try:
            while True:
                raw = self.connection.recv(timeout=ANSWER_SECONDS_MAX)
                self._read.append(json.loads(raw))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def register(self, worker_id: str = "w1", **fields: Any) -> dict[str, Any]:
        """Register, with the token of before if there is one."""
        known = {"worker_session_token": self.token} if self.token else {}
        wanted = {"worker_instance_id": worker_id, "concurrency_limit": 1}
        sent = self.send("worker.register", **(wanted | known | fields))
        answer = self.expect("worker.registered", message_id=sent)
        self.token = answer["worker_session_token"]
        return answer

    def claim(self, slots: int = 1, **fields: Any) -> list[dict[str, Any]]:
        """Claim, and return the jobs once the claim is answered."""
        sent = self.send("jobs.claim", available_slots=slots, **fields)
        jobs: list[dict[str, Any]] = self.expect(
            "jobs.claimed", message_id=sent, seconds=30
        )["jobs"]
        return jobs

    def report(
        self, job: dict[str, Any], status: str = "completed", **fields: Any
    ) -> dict[str, Any]:
        """Report the end of a job; return the acknowledgement."""
        lease = {"job_id": job["id"], "lease_token": job["lease_token"]}
        sent = self.send("job.report", status=status, **lease, **fields)
        return self.expect("job.report.ack", message_id=sent)

    def beat(self, job: dict[str, Any]) -> str:
        """Send a heartbeat; return its message id."""
        lease = {"job_id": job["id"], "lease_token": job["lease_token"]}
        return self.send("job.heartbeat", **lease)
