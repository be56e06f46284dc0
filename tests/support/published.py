"""A published client in a process of its own, moved by a test.

client = PublishedClient("0.0.23", remote)
run = client.call("start_run", "nightly", options("StartRunOptions", inputs={}))
client.begin("wait_run", run["id"])
...
assert client.answer()["status"] == "completed"
client.close()
"""

import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any

from mobius.local.environment import ROOT
from mobius.local.published import find_client
from tests.support.remote import Remote

DRIVER = ROOT / "tests" / "contract" / "client_driver.py"
SECONDS_MAX = 60


class Refused(Exception):
    """The client raised; ``status`` is that of the answer, if there was one."""

    def __init__(self, error: str, status: int | None, said: str) -> None:
        super().__init__(f"{error} {status}: {said}")
        self.error = error
        self.status = status


def options(kind: str, /, **fields: Any) -> dict[str, Any]:
    """An options object of the client."""
    return {"$": kind, **fields}


class PublishedClient:
    """One version of ``deepnoodle-mobius``, unmodified, in a project."""

    def __init__(self, version: str, remote: Remote) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            env={
                **os.environ,
                "PYTHONPATH": str(find_client(version)),
                "MOBIUS_BASE_URL": remote.base_url,
                "MOBIUS_API_KEY": remote.api_key,
                "PROJECT": remote.project,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        told = json.loads(self._said.get(timeout=SECONDS_MAX))
        self.version, self.file = str(told["value"]), str(told["file"])

    def call(self, method: str, *arguments: Any) -> Any:
        """What the client's method returns; Refused for what it raises."""
        self.begin(method, *arguments)
        return self.answer()

    def begin(self, method: str, *arguments: Any) -> None:
        """Call a method and return at once; ``answer`` has what it returns."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps([method, *arguments])}\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """What the call that was begun returns."""
        told = json.loads(self._said.get(timeout=SECONDS_MAX))
        if "error" in told:
            raise Refused(told["error"], told["status"], told.get("said", ""))
        return told["value"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line)
