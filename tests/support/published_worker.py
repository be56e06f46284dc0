"""The Worker of a published client in a process of its own."""

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

DRIVER = ROOT / "tests" / "contract" / "worker_driver.py"
SECONDS_MAX = 60


class PublishedWorker:
    """One worker of one version, unmodified, that echoes, fails, waits."""

    def __init__(self, version: str, remote: Remote, **config: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER), json.dumps(config)],
            env={
                **os.environ,
                "PYTHONPATH": str(find_client(version)),
                "MOBIUS_BASE_URL": remote.base_url,
                "MOBIUS_API_KEY": remote.api_key,
                "PROJECT": remote.project,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.begin = self.expect("begin")

    def expect(self, what: str) -> dict[str, Any]:
        """Return the next thing of this kind that it says."""
        while True:
            said = self._said.get(timeout=SECONDS_MAX)
            if said["said"] == what:
                return said

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))
