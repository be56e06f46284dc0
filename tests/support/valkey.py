"""A Valkey of a test's own, to be stopped, frozen and brought back."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from apps.realtime import connections
from mobius.local.accounts import server_account
from mobius.local.binaries import find_valkey
from mobius.local.valkey import HOST, free_port
from tests.support.waiting import wait_until


class OwnValkey:
    """One server on one loopback port, without files."""

    def __init__(self) -> None:
        self._program = find_valkey(server_account()).path
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://{HOST}:{self._port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        argv = [str(self._program), "--bind", HOST, "--port", str(self._port)]
        self._process = subprocess.Popen(
            [*argv, "--save", "", "--appendonly", "no", "--daemonize", "no"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        wait_until(self._answers)

    def kill(self) -> None:
        """Kill it; whatever it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it keep its connections and answer nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        os.kill(self._process.pid, number)

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1, retry=None)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


@contextmanager
def own_valkey(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OwnValkey]:
    """Make everything in this process use a Valkey that nobody else uses."""
    server = OwnValkey()
    server.start()
    settings.REDIS_URL = server.url  # type: ignore[attr-defined]
    clients: dict[int, redis.Redis] = {}
    monkeypatch.setattr(connections, "_clients", clients)
    monkeypatch.setattr(connections.breaker, "open_until", 0.0)
    try:
        yield server
    finally:
        for client in clients.values():
            client.close()
        server.kill()
