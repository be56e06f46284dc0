"""A worker in a process of its own, so that it can be killed.

    python -m tests.faults.worker BASE_URL PROJECT NAME LOOPS REPORTS

Like a published client it claims, works, heartbeats, reports, and asks again when it
gets no answer; the key is in MOBIUS_API_KEY. Each report that was accepted becomes a
line of JSON in the file REPORTS. Works until it is killed.
"""

import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.remote import HandWorker, Remote, Reply

QUEUE: Final = "default"
WAIT_SECONDS: Final = 5
ASK_AGAIN_SECONDS: Final = 0.2
REPORT_SECONDS_MAX: Final = 60.0
NO_ANSWER: Final = (OSError, http.client.HTTPException, ValueError)


class Loop:
    """One claim loop: one job at a time."""

    def __init__(self, worker: HandWorker, reports: Path) -> None:
        self._worker = worker
        self._reports = reports

    def run(self) -> None:
        """Work for ever."""
        while True:
            try:
                reply = self._worker.ask(queues=[QUEUE], wait_seconds=WAIT_SECONDS)
            except NO_ANSWER:
                time.sleep(ASK_AGAIN_SECONDS)
                continue
            if reply.status == 200:
                self._do(reply.body)
            elif reply.status != 204:
                time.sleep(ASK_AGAIN_SECONDS)

    def _do(self, job: Mapping[str, Any]) -> None:
        if self._work(job):
            by = f"{self._worker.worker_id} {job['job_id']}"
            self._report(job, {"by": by})

    def _work(self, job: Mapping[str, Any]) -> bool:
        """Take the time the job takes, which is none when it is tried again; say
        whether it is still ours."""
        ends = time.monotonic()
        if job["attempt"] == 1:
            ends += float(job["parameters"].get("seconds", 0))
        interval = float(job["heartbeat_interval_seconds"])
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, interval))
            if left > interval and self._lost(self._worker.heartbeat, job):
                return False
        return not self._lost(self._tell, job)

    def _tell(self, job: Mapping[str, Any]) -> Reply:
        return self._worker.emit(job, {"type": "worked", "payload": {"well": True}})

    @staticmethod
    def _lost(call: Any, job: Mapping[str, Any]) -> bool:
        try:
            return bool(call(job).status == 409)
        except NO_ANSWER:
            return False

    def _report(self, job: Mapping[str, Any], result: object) -> None:
        """Report until there is an answer."""
        deadline = time.monotonic() + REPORT_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                status = self._worker.complete(job, result).status
            except NO_ANSWER:
                status = 0
            if status == 204:
                self._note(job, result)
            if status in (204, 404, 409):
                return
            time.sleep(ASK_AGAIN_SECONDS)

    def _note(self, job: Mapping[str, Any], result: object) -> None:
        noted = {name: job[name] for name in ("job_id", "run_id", "step_name")}
        line = json.dumps({**noted, "result": result}) + "\n"
        with self._reports.open("a") as reports:
            reports.write(line)


def main(base_url: str, project: str, name: str, loops: str, reports: str) -> None:
    """Run the loops in threads."""
    remote = Remote(base_url, os.environ["MOBIUS_API_KEY"], project)
    for number in range(int(loops)):
        worker = HandWorker(remote, f"{name}-{number}")
        threading.Thread(target=Loop(worker, Path(reports)).run).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
