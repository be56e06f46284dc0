"""A whole system for tests: own PostgreSQL, own Valkey, web, Celery worker, beat.

    stack = Stack()
    stack.start()
    tenant = stack.new_tenant()
    stack.kill("web", signal.SIGKILL)
    stack.wait_running("web")
    stack.stop()

It lies in a temporary folder, listens on free loopback ports and uses nothing that
the tests' own settings point to. What dies is started again by the supervisor of
``manage.py up``. ``tests.support.scheduling`` keeps tests of one stack on one process.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

import psycopg
import redis

from mobius.local.accounts import server_account
from mobius.local.children import Child
from mobius.local.console import Console
from mobius.local.environment import ROOT
from mobius.local.errors import log_tail
from mobius.local.folders import DataFolder
from mobius.local.system import System
from mobius.local.valkey import free_port
from tests.support.remote import Remote
from tests.support.waiting import wait_until

LEASE_SECONDS = 3
HEARTBEAT_SECONDS = 1
#: What the tests' own settings use and a system of its own must not.
FOREIGN = (
    "MOBIUS_DATABASE_URL",
    "MOBIUS_REDIS_URL",
    "MOBIUS_SECRET_KEY",
    "DJANGO_SETTINGS_MODULE",
)


@dataclass(frozen=True)
class Tenant:
    """A project in an organization of its own, with the key of an Admin."""

    project: str
    api_key: str
    reviewer_id: str


class Stack:
    """One system from ``start`` to ``stop``; names are those of its processes:
    ``web``, ``worker``, ``beat``, ``postgres``, ``valkey``."""

    def __init__(
        self,
        *,
        worker_processes: int = 2,
        tenants_at_once: int = 24,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._worker_processes = worker_processes
        self._tenants_at_once = tenants_at_once
        self._settings = {
            "MOBIUS_LEASE_SECONDS": str(LEASE_SECONDS),
            "MOBIUS_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            **(settings or {}),
        }
        self.said = StringIO()
        self.root = Path(tempfile.mkdtemp(prefix="mobius-stack-"))
        self.root.chmod(0o711)
        self._folder = DataFolder(self.root / "data")
        self._system: System | None = None
        self._tenants: list[Tenant] = []
        self._batches = 0
        self.project = self.api_key = self.reviewer_id = ""

    def start(self) -> None:
        """Bring everything up; LocalError says what did not come. A few seconds."""
        account = server_account()
        try:
            self._folder.open(account)
            system = System(self._folder, account, Console(self.said), port=free_port())
            self._system = system
            system.guard.remove_at_end(self.root)
            with self._own_environment():
                system.start_servers()
            system.migrate()
            access = system.bootstrap()
            self.project = access.project
            self.api_key = access.api_key or ""
            self.reviewer_id = access.reviewer_id
            system.start_processes(worker_processes=self._worker_processes)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything, leave nothing behind."""
        if self._system is not None:
            for name in self._frozen():
                self.kill(name, signal.SIGCONT)
            self._system.supervisor.stop()
        self._folder.close()
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def system(self) -> System:
        """The parts, once started."""
        assert self._system is not None, "the stack was not started"
        return self._system

    @property
    def base_url(self) -> str:
        """Where the web process listens."""
        return self.system.base_url

    url = base_url

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes, for a program that should join them."""
        return self.system.environment

    @property
    def database_url(self) -> str:
        """The address of its PostgreSQL."""
        return self.environment["MOBIUS_DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        """The address of its Valkey, password included."""
        return self.environment["MOBIUS_REDIS_URL"]

    def remote(self, tenant: Tenant | None = None) -> Remote:
        """A client of the API, in the first project or in a tenant's."""
        if tenant is None:
            return Remote(self.base_url, self.api_key, self.project)
        return Remote(self.base_url, tenant.api_key, tenant.project)

    def new_tenant(self) -> Tenant:
        """A project nobody has used yet."""
        if not self._tenants:
            self._tenants = self._make_tenants()
        return self._tenants.pop()

    def pid(self, name: str) -> int:
        """The process id of a part that runs."""
        pid = self._child(name).pid
        assert pid is not None, f"{name} does not run"
        return pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to one part; return its pid. After SIGKILL it is gone, its
        helpers excepted, which the supervisor removes before it starts it again."""
        child, pid = self._child(name), self.pid(name)
        os.kill(pid, number)
        if number == signal.SIGKILL:
            wait_until(lambda: not child.is_running())
        return pid

    def wait_running(self, name: str, *, seconds: float = 30) -> int:
        """Wait until a part runs and, if it is a server, answers; return its pid."""
        child = self._child(name)
        answers = {
            "web": self._web_answers,
            "postgres": self._postgres_answers,
            "valkey": self._valkey_answers,
        }.get(name, lambda: True)
        wait_until(
            lambda: child.is_running() and answers(), seconds=seconds, every=0.05
        )
        return self.pid(name)

    def log_tail(self, name: str) -> str:
        """The last lines that a part has logged."""
        return log_tail(self._folder.logs / f"{name}.log")

    def _child(self, name: str) -> Child:
        return self.system.supervisor.child(name)

    @contextlib.contextmanager
    def _own_environment(self) -> Iterator[None]:
        with mock.patch.dict(os.environ, self._settings):
            for name in FOREIGN:
                os.environ.pop(name, None)
            yield

    def _make_tenants(self) -> list[Tenant]:
        self._batches += 1
        made = subprocess.run(
            [
                *(sys.executable, "-m", "tests.support.tenants"),
                *(f"tenant-{self._batches}", str(self._tenants_at_once)),
            ],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
        )
        return [Tenant(**json.loads(line)) for line in made.stdout.splitlines()]

    def _frozen(self) -> list[str]:
        """Parts that a test has stopped with SIGSTOP and could not thaw."""
        frozen = []
        for name in ("web", "worker", "beat", "postgres", "valkey"):
            with contextlib.suppress(KeyError, AssertionError, OSError):
                status = Path(f"/proc/{self.pid(name)}/stat").read_text()
                if status.rpartition(") ")[2].startswith("T"):
                    frozen.append(name)
        return frozen

    def _web_answers(self) -> bool:
        with contextlib.suppress(OSError):
            return Remote(self.base_url).get("/readyz").status == 200
        return False

    def _postgres_answers(self) -> bool:
        try:
            with psycopg.connect(self.database_url, connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def _valkey_answers(self) -> bool:
        client = redis.Redis.from_url(self.redis_url, socket_timeout=1, retry=None)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
