"""A published client in a process of its own, moved by a test.

driver = ClientDriver("0.0.23")
client = driver.open(remote)
run = client.call("start_run", "nightly", options("StartRunOptions", inputs={}))
client.begin("wait_run", run["id"])
...
assert client.answer()["status"] == "completed"
client.close()
"""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
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


class ClientDriver:
    """A process that has read one version of ``deepnoodle-mobius``, unmodified, and
    splits off a process for each client that is opened."""

    def __init__(self, version: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mobius-client-")
        self.address = str(Path(self._folder.name) / "s")
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER), self.address],
            env={**os.environ, "PYTHONPATH": str(find_client(version))},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "listening\n", "it did not start"

    def open(self, remote: Remote) -> "PublishedClient":
        """A client in a process and a project of its own."""
        return PublishedClient(self.address, remote)

    def close(self) -> None:
        """End the process; clients have been closed before."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


class PublishedClient:
    """One version of the client in a project."""

    def __init__(self, driver: str, remote: Remote) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(driver)
        self._lines = self._socket.makefile("r")
        self._said: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self._write(
            {
                "base_url": remote.base_url,
                "api_key": remote.api_key,
                "project": remote.project,
            }
        )
        told = json.loads(self._said.get(timeout=SECONDS_MAX))
        self.version, self.file = str(told["value"]), str(told["file"])
        self._pid = int(told["pid"])

    def call(self, method: str, *arguments: Any) -> Any:
        """What the client's method returns; Refused for what it raises."""
        self.begin(method, *arguments)
        return self.answer()

    def begin(self, method: str, *arguments: Any) -> None:
        """Call a method and return at once; ``answer`` has what it returns."""
        self._write([method, *arguments])

    def answer(self) -> Any:
        """What the call that was begun returns."""
        told = json.loads(self._said.get(timeout=SECONDS_MAX))
        if "error" in told:
            raise Refused(told["error"], told["status"], told.get("said", ""))
        return told["value"]

    def close(self) -> None:
        """End the process, whatever it is waiting for."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        self._reader.join()
        self._lines.close()
        self._socket.close()

    def _write(self, said: Any) -> None:
        self._socket.sendall(f"{json.dumps(said)}\n".encode())

    def _read(self) -> None:
        with contextlib.suppress(ConnectionResetError):
            for line in self._lines:
                self._said.put(line)
