"""A load of runs that goes on while something breaks, and the proof afterwards.

    load.start()
    load.await_finished(5)
    ... break something, wait until it is back ...
    load.heal()
    load.finish()

Clients start runs with idempotency keys and ask again until there is an answer; two
worker processes do their two steps; readers follow the project and some of the runs.
"""

import http.client
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import psycopg

from mobius.local.environment import ROOT
from tests.faults.checker import Checker
from tests.faults.proof import Seen, prove
from tests.faults.readers import ProjectReader, RunReader
from tests.support.remote import Remote
from tests.support.specs import action, spec
from tests.support.stack import LEASE_SECONDS, Stack, Tenant
from tests.support.waiting import wait_until

#: Runs started a second while all is well.
PACE: Final = 6.0
LOOPS: Final = 4
WORKERS: Final = ("anna", "bert")
QUICK_SECONDS: Final = 0.05
#: Every so many runs one takes longer than a heartbeat, and one is followed.
SLOW_EVERY: Final = 6
SLOW_SECONDS: Final = 1.2
FOLLOW_EVERY: Final = 4
ASK_AGAIN_SECONDS: Final = 0.1
#: What the runs at hand take by themselves, on a busy machine.
OWN_SECONDS: Final = 6.0
HEAL_SECONDS: Final = 2 * LEASE_SECONDS + OWN_SECONDS

_EAGER: Final = [{"max_retries": 25, "base_delay": "0s"}]
_PARAMETERS: Final = {"seconds": "${inputs.seconds}"}
SPEC: Final = spec(
    action("parse", parameters=_PARAMETERS, retry=_EAGER),
    action("index", parameters={"seconds": QUICK_SECONDS}, retry=_EAGER),
    inputs=[{"name": "seconds", "type": "number"}],
)

_STANDING: Final = """
SELECT r.id, r.status, r.attempt,
       (SELECT string_agg(concat_ws(' ', j.step_name, j.attempt, j.status, j.worker_id,
                                    j.lease_expires_at, j.available_at), '; ')
        FROM jobs_job j WHERE j.run_id = r.id),
       (SELECT string_agg(concat_ws(' ', e.event_type, e.due_at, e.failures,
                                    e.last_error), '; ')
        FROM source_events_sourceevent e
        WHERE e.run_id = r.id AND e.dispatched_at IS NULL)
FROM runs_run r WHERE r.id = ANY(%s) AND r.status <> 'completed' ORDER BY r.id
"""


def quick_run() -> dict[str, Any]:
    """What starts a run that is done in a moment."""
    return slow_run(QUICK_SECONDS)


def slow_run(seconds: float) -> dict[str, Any]:
    """What starts a run whose first step takes so long, at the first attempt."""
    return {"spec": SPEC, "inputs": {"seconds": seconds}}


class Load:
    """Runs, workers and readers in a project of their own."""

    def __init__(
        self, stack: Stack, tenant: Tenant, checker: Checker, folder: Path
    ) -> None:
        self.stack = stack
        self.remote = Remote(stack.base_url, tenant.api_key, tenant.project)
        self.slowest_start = 0.0
        self._checker = checker
        self._folder = folder
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._follower = ProjectReader(self.remote)
        self._readers: list[RunReader] = []
        self._started: list[str] = []
        self._adopted: list[str] = []
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(1, "clients")
        self._clients: Future[None] = Future()

    def start(self) -> None:
        """Begin."""
        for name in WORKERS:
            self.start_worker(name)
        self._follower.start()
        assert self._follower.opened.wait(10)
        self._clients = self._pool.submit(self._start_runs)

    def start_worker(self, name: str) -> None:
        """Start a worker process, or start it again."""
        remote = self.remote
        self._workers[name] = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.faults.worker", remote.base_url),
                *(remote.project, name, str(LOOPS), str(self._reports)),
            ],
            cwd=ROOT,
            env={**os.environ, "MOBIUS_API_KEY": remote.api_key},
        )

    def kill_worker(self, name: str) -> None:
        """Kill a worker process with whatever it holds."""
        self._workers[name].kill()
        self._workers[name].wait()

    def connections(self) -> int:
        """How often the project's reader has connected."""
        return self._follower.connections

    def adopt(self, run_id: str) -> None:
        """Look after a run that the test has started itself."""
        self._adopted.append(run_id)

    def watch(self, run_id: str) -> RunReader:
        """Follow a run; returns once its stream is open."""
        reader = RunReader(self.remote, run_id)
        self._readers.append(reader)
        reader.start()
        assert reader.opened.wait(10)
        return reader

    def breathe(self) -> None:
        """Wait a moment between two questions."""
        time.sleep(0.05)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the stack's database, on a connection of the question's own."""
        with psycopg.connect(self.stack.database_url) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def await_finished(self, count: int, *, seconds: float = 30) -> None:
        """Wait until so many more runs have finished."""
        wanted = len(self._follower.finished) + count
        wait_until(
            lambda: self._clients.done() or len(self._follower.finished) >= wanted,
            seconds=seconds,
            every=0.02,
        )
        if self._clients.done():
            self._clients.result()

    def heal(self) -> float:
        """The fault is over: every run started until now completes in time.

        Returns the seconds that took.
        """
        began = time.monotonic()
        runs = self._runs()
        while waiting := self._waiting(runs):
            if time.monotonic() - began > HEAL_SECONDS:
                raise AssertionError(
                    f"{len(waiting)} of {len(runs)} runs are stuck after"
                    f" {HEAL_SECONDS} s:\n{_listed(waiting)}\n{self._last_words()}"
                )
            self.breathe()
        return time.monotonic() - began

    def finish(self) -> int:
        """Heal, start a few runs more, stop, and check every promise.

        Returns how many runs the promises held for.
        """
        healed = self.heal()
        self.await_finished(3)
        self._stopping.set()
        self._clients.result(HEAL_SECONDS)
        self._follower.wanted = frozenset(self._runs())
        self.heal()
        readers = (self._follower, *self._readers)
        wait_until(lambda: all(reader.is_over() for reader in readers), every=0.05)
        self._end_workers()
        wait_until(self._is_ready, seconds=HEAL_SECONDS, every=0.1)
        seen = Seen(
            project=self.remote.project,
            runs=self._runs(),
            reports=self._reports,
            follower=self._follower,
            readers=self._readers,
        )
        prove(seen, self.rows, self._checker)
        print(f"healed in {healed:.1f} s; {len(seen.runs)} runs")  # noqa: T201
        return len(seen.runs)

    def abandon(self) -> None:
        """Stop whatever still goes on."""
        self._stopping.set()
        self._end_workers()
        for reader in (self._follower, *self._readers):
            reader.stop()
        self._pool.shutdown()

    @property
    def _reports(self) -> Path:
        return self._folder / "reports"

    def _runs(self) -> list[str]:
        return [*self._started, *self._adopted]

    def _start_runs(self) -> None:
        number = 0
        while not self._stopping.wait(1 / PACE):
            number += 1
            body = quick_run() if number % SLOW_EVERY else slow_run(SLOW_SECONDS)
            run_id = self._start_run(body, f"run {number}")
            self._started.append(run_id)
            if number % FOLLOW_EVERY == 0:
                reader = RunReader(self.remote, run_id)
                self._readers.append(reader)
                reader.start()

    def _start_run(self, body: object, key: str) -> str:
        """Ask until there is an answer; the key makes it one run."""
        while True:
            asked = time.monotonic()
            try:
                reply = self.remote.post("runs", body, Idempotency_Key=key)
            except (OSError, http.client.HTTPException, ValueError):
                reply = None
            self.slowest_start = max(self.slowest_start, time.monotonic() - asked)
            if reply is not None and reply.status == 202:
                return str(reply.body["id"])
            assert reply is None or reply.status in (409, 503), reply
            time.sleep(ASK_AGAIN_SECONDS)

    def _waiting(self, runs: list[str]) -> list[tuple[Any, ...]]:
        try:
            return self.rows(_STANDING, runs)
        except psycopg.OperationalError as error:
            return [("?", str(error))]

    def _await_lines(self) -> None:
        """Wait until the readers have been given the ends of all runs."""
        readers = (self._follower, *self._readers)
        wait_until(lambda: all(reader.is_over() for reader in readers), every=0.05)

    def _end_workers(self) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.wait()

    def _is_ready(self) -> bool:
        reply = self.remote.get("/readyz")
        return reply.status == 200 and reply.body["status"] == "ready"

    def _last_words(self) -> str:
        parts = ("web", "worker", "beat", "valkey", "postgres")
        return "\n".join(f"--- {name}\n{self.stack.log_tail(name)}" for name in parts)


def _listed(rows: list[tuple[Any, ...]]) -> str:
    return "\n".join(" | ".join(str(cell) for cell in row) for row in rows[:12])
