"""What this machine can do at best, measured beside our own figures."""

import asyncio
import contextlib
import dataclasses
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import redis

from mobius.local.accounts import server_account
from mobius.local.binaries import find_postgres
from mobius.local.errors import LocalError
from tests.load.target import Target
from tests.load.wire import Connection

PROBE_SECONDS: Final = 3
PROBE_CLIENTS: Final = 8
PROBE_ROWS: Final = 10_000
#: The disk that the launcher's bench uses too.
DISK: Final = "/var/tmp"
FLUSHES: Final = 200
FLUSH_BYTES: Final = 8192
HELLO_CONNECTIONS: Final = 16
HELLO_SECONDS: Final = 2.0
HELLO_REQUESTS: Final = 300
SERVER_SECONDS_MAX: Final = 15.0

_TABLES: Final = f"""
CREATE SCHEMA IF NOT EXISTS bench_probe;
CREATE TABLE IF NOT EXISTS bench_probe.line
    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
CREATE TABLE IF NOT EXISTS bench_probe.head (id int PRIMARY KEY, n int);
INSERT INTO bench_probe.head SELECT i, 0 FROM generate_series(1, {PROBE_ROWS}) AS i
    ON CONFLICT DO NOTHING;
"""
_SCRIPT: Final = f"""
\\set id random(1, {PROBE_ROWS})
BEGIN;
INSERT INTO bench_probe.line (body) VALUES (repeat('x', 100));
UPDATE bench_probe.head SET n = n + 1 WHERE id = :id;
COMMIT;
"""


class CommitProbe:
    """How many small transactions a second this PostgreSQL commits.

    A transaction is BEGIN; INSERT; UPDATE; COMMIT. ``name`` says who counted: the
    real pgbench with 8 clients where its program is at hand, else 8 threads of ours.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._program = _pgbench()
        self.name = "pgbench -c8" if self._program else "psycopg, 8 threads"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_TABLES.encode())

    def rate(self) -> float:
        """Measure for ``PROBE_SECONDS``; return transactions per second."""
        return self._by_pgbench() if self._program else self._by_threads()

    def remove(self) -> None:
        """Drop the tables of the probe."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS bench_probe CASCADE")

    def _by_pgbench(self) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(_SCRIPT)
            script.flush()
            how = ["-n", "-c", str(PROBE_CLIENTS), "-j", "1", "-T", str(PROBE_SECONDS)]
            said = subprocess.run(
                [str(self._program), *how, "-f", script.name, "-d", self._url],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        found = re.search(r"tps = ([\d.]+)", said)
        assert found, said
        return float(found[1])

    def _by_threads(self) -> float:
        counts = [0] * PROBE_CLIENTS
        until = time.monotonic() + PROBE_SECONDS

        def work(place: int) -> None:
            with psycopg.connect(self._url, autocommit=True) as connection:
                while time.monotonic() < until:
                    with connection.transaction():
                        connection.execute(
                            "INSERT INTO bench_probe.line (body)"
                            " VALUES (repeat('x', 100))"
                        )
                        connection.execute(
                            "UPDATE bench_probe.head SET n = n + 1 WHERE id = %s",
                            [1 + (counts[place] * PROBE_CLIENTS + place) % PROBE_ROWS],
                        )
                    counts[place] += 1

        threads = [threading.Thread(target=work, args=[i]) for i in range(len(counts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / PROBE_SECONDS


def _pgbench() -> Path | None:
    try:
        program = find_postgres(server_account()).path / "pgbench"
    except LocalError:
        return None
    return program if program.exists() else None


class FlushProbe:
    """Writes 8 KiB to a file on ``DISK`` and flushes it, as often as it is asked.

    A virtual disk changes by the second, so ask in the midst of what is measured.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._block = os.urandom(FLUSH_BYTES)
        self._file = tempfile.TemporaryFile(dir=DISK)  # noqa: SIM115 - see close
        self._flush()

    def __call__(self) -> None:
        """Flush once more and keep how long it took."""
        self.seconds.append(self._flush())

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def _flush(self) -> float:
        started = time.perf_counter()
        os.pwrite(self._file.fileno(), self._block, 0)
        os.fdatasync(self._file.fileno())
        return time.perf_counter() - started


def flush_seconds() -> list[float]:
    """Return how long each of ``FLUSHES`` flushes took."""
    probe = FlushProbe()
    for _ in range(FLUSHES):
        probe()
    probe.close()
    return probe.seconds


def ping_rate(url: str, seconds: float = 1.0) -> float:
    """Return how many PINGs a second one connection to Redis gets answered."""
    with redis.Redis.from_url(url) as client:
        client.ping()
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            client.ping()
            count += 1
        return count / (time.perf_counter() - started)


async def hello_rate(target: Target) -> float:
    """Return the requests per second of a web server like ours that does nothing.

    One process of uvicorn, our own client with 16 connections beside it.
    """
    with _hello_server() as port:
        there = dataclasses.replace(target, port=port)
        connections = [Connection(there) for _ in range(HELLO_CONNECTIONS)]
        loop = asyncio.get_running_loop()
        until = loop.time() + HELLO_SECONDS

        async def ask(connection: Connection) -> int:
            count = 0
            while loop.time() < until:
                (await connection.post("hello", {})).expect(200)
                count += 1
            connection.close()
            return count

        counts = await asyncio.gather(*map(ask, connections))
        return sum(counts) / HELLO_SECONDS


async def hello_seconds(target: Target) -> list[float]:
    """Return how long such a server takes to answer, one request after the other."""
    with _hello_server() as port:
        connection = Connection(dataclasses.replace(target, port=port))
        seconds = []
        for _ in range(HELLO_REQUESTS):
            started = time.perf_counter()
            answer = (await connection.post("hello", {})).expect(200)
            seconds.append(answer.at - started)
        connection.close()
    return seconds


@contextlib.contextmanager
def _hello_server() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "tests.load.hello:application"]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + SERVER_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()
