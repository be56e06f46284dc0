"""A small, complete worker: claims over HTTP, beats, reports progress, completes.

    python -m mobius.local.demo_worker

Reads MOBIUS_BASE_URL, MOBIUS_API_KEY, PROJECT and WORKER_ID. It outlives restarts
of the server and ends at SIGTERM, after the job in hand. It makes a good start for
a worker of your own: replace ``ACTIONS``.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from mobius.local.client import ApiError, Client

WAIT_SECONDS = 20
RETRY_SECONDS_MAX = 10.0
WORDS_PER_PAGE = 3
STEP_SECONDS = 0.1

Report = Callable[[int, str], None]


class Stopped(Exception):
    """Asked to stop while waiting for work."""


class Cancelled(Exception):
    """The run was cancelled, or the lease was lost, while working."""


def parse_document(parameters: dict[str, Any], report: Report) -> dict[str, Any]:
    """Split a document's address into words and lay them out on pages."""
    address = str(parameters.get("doc_url") or "https://example.com/doc.pdf")
    parts = urlsplit(unquote(address))
    words = re.findall(r"[a-z0-9]+", f"{parts.netloc} {parts.path}".lower())
    pages = []
    for start in range(0, len(words), WORDS_PER_PAGE):
        pages.append(words[start : start + WORDS_PER_PAGE])
        report(100 * min(start + WORDS_PER_PAGE, len(words)) // len(words), "parsing")
    return {"doc_url": address, "pages": pages, "words": len(words)}


def index_document(parameters: dict[str, Any], report: Report) -> dict[str, Any]:
    """Count the terms of the parsed pages, or of whatever text there is."""
    pages = parameters.get("pages")
    text = json.dumps(pages if pages else parameters)
    terms: dict[str, int] = {}
    for word in re.findall(r"[a-z0-9]+", text.lower()):
        terms[word] = terms.get(word, 0) + 1
    report(50, "counting terms")
    report(100, "indexed")
    return {"terms": len(terms), "occurrences": sum(terms.values())}


ACTIONS = {"doc.parse": parse_document, "doc.index": index_document}


class Worker:
    """Claims one job at a time and sees it through."""

    def __init__(self, base_url: str, api_key: str, project: str, name: str) -> None:
        self._base_url = base_url
        self._api_key = api_key
        self._client = Client(base_url, api_key)
        self._jobs = f"/v1/projects/{project}/jobs"
        self._name = name
        self._stopping = threading.Event()
        self._is_waiting = False

    def end(self) -> None:
        """End ``run`` after the claim or the job in hand."""
        self._stopping.set()

    def end_by_signal(self) -> None:
        """As ``end``, and cut the waiting for work short by raising Stopped."""
        self.end()
        if self._is_waiting:
            raise Stopped

    def run(self) -> None:
        """Work until asked to stop; wait longer and longer while nobody answers."""
        _say(f"{self._name} looks for work at {self._base_url}")
        with contextlib.closing(self._client):
            self._run()

    def _run(self) -> None:
        delay = 0.5
        while not self._stopping.is_set():
            try:
                job = self._claim()
                delay = 0.5
                if job:
                    self._work(job)
            except Stopped:
                return
            except (OSError, http.client.HTTPException, ApiError) as error:
                _say(f"the server does not help ({error}); again in {delay:.1f} s")
                self._stopping.wait(delay)
                delay = min(delay * 2, RETRY_SECONDS_MAX)

    def _claim(self) -> dict[str, Any] | None:
        body = {
            "worker_id": self._name,
            "worker_name": "demo",
            "queues": ["default"],
            "actions": sorted(ACTIONS),
            "wait_seconds": WAIT_SECONDS,
        }
        self._is_waiting = True
        try:
            job = self._client.call("POST", f"{self._jobs}/claim", body)
        finally:
            self._is_waiting = False
        return job if isinstance(job, dict) else None

    def _work(self, job: dict[str, Any]) -> None:
        fence = {"worker_id": self._name, "attempt": job["attempt"]}
        path = f"{self._jobs}/{job['job_id']}"
        _say(f"{job['action']} of {job['run_id']}, attempt {job['attempt']}")
        heart = _Heart(Client(self._base_url, self._api_key), path, fence)
        heart.start(float(job.get("heartbeat_interval_seconds") or 20))

        def report(percent: int, doing: str) -> None:
            if heart.should_stop.wait(STEP_SECONDS):
                raise Cancelled("the run was cancelled")
            event = {"type": "progress", "payload": {"pct": percent, "doing": doing}}
            self._client.call("POST", f"{path}/events", {**fence, "events": [event]})

        try:
            outcome = _carry_out(job, report)
        finally:
            heart.stop()
        if heart.lost_lease:
            return
        try:
            self._client.call("POST", f"{path}/complete", {**fence, **outcome})
        except ApiError as error:
            if error.status != 409:
                raise
            _say(f"{job['job_id']}: the lease was lost; the result is dropped")


class _Heart:
    """Keeps the lease of one job alive from a thread of its own."""

    def __init__(self, client: Client, path: str, fence: dict[str, Any]) -> None:
        self.should_stop = threading.Event()
        self.lost_lease = False
        self._client = client
        self._path = path
        self._fence = fence
        self._over = threading.Event()

    def start(self, interval_seconds: float) -> None:
        beat = threading.Thread(target=self._beat, args=[interval_seconds], daemon=True)
        beat.start()

    def stop(self) -> None:
        self._over.set()

    def _beat(self, interval_seconds: float) -> None:
        with contextlib.closing(self._client):
            self._beat_until_over(interval_seconds)

    def _beat_until_over(self, interval_seconds: float) -> None:
        while not self._over.wait(interval_seconds):
            try:
                answer = self._client.call(
                    "POST", f"{self._path}/heartbeat", self._fence
                )
            except ApiError as error:
                if error.status in (404, 409):
                    self.lost_lease = True
                    self.should_stop.set()
                    return
            except (OSError, http.client.HTTPException):
                continue  # the next beat may get through before the lease ends
            else:
                if answer["directives"]["should_cancel"]:
                    self.should_stop.set()


def _carry_out(job: dict[str, Any], report: Report) -> dict[str, Any]:
    """Run the job's action; return what to report about it."""
    try:
        result = ACTIONS[job["action"]](job["parameters"], report)
    except Cancelled as error:
        return _failure("Timeout", str(error))
    except (OSError, http.client.HTTPException, ApiError):
        raise  # not the job's fault: the lease ends and another attempt is made
    except Exception as error:
        return _failure(type(error).__name__, str(error))
    encoded = base64.b64encode(json.dumps(result).encode()).decode()
    return {"status": "completed", "result_b64": encoded}


def _failure(kind: str, message: str) -> dict[str, Any]:
    return {"status": "failed", "error_type": kind, "error_message": message}


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    """Work until SIGTERM or Ctrl-C."""
    worker = Worker(
        os.environ.get("MOBIUS_BASE_URL", "http://127.0.0.1:8000"),
        os.environ["MOBIUS_API_KEY"],
        os.environ.get("PROJECT", "default"),
        os.environ.get("WORKER_ID", "demo-worker"),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.end_by_signal())
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
