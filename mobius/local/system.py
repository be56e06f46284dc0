"""A whole system on this machine: its servers, its processes, its first key.

``up`` runs one in the user's data folder, ``bench`` one in a temporary folder. With
MOBIUS_DATABASE_URL or MOBIUS_REDIS_URL set, those servers are used and the rest is
the same.
"""

import http.client
import json
import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass

from mobius.local.accounts import Account
from mobius.local.children import Child, Guard
from mobius.local.console import Console
from mobius.local.environment import ROOT, process_environment, publish_running_system
from mobius.local.errors import LocalError, log_tail
from mobius.local.folders import DataFolder
from mobius.local.postgres import Postgres
from mobius.local.supervisor import Supervisor, wait_until
from mobius.local.valkey import Valkey

HOST = "127.0.0.1"
READY_SECONDS_MAX = 60.0
WEB_DRAIN_SECONDS = 3


@dataclass(frozen=True)
class Access:
    """What `manage.py bootstrap` answered; a secret is None unless it is new."""

    project: str
    api_key: str | None
    reviewer_id: str
    reviewer_username: str
    reviewer_password: str | None
    admin_username: str
    admin_password: str | None


class System:
    """The parts of one system, started one after the other.

    ``folder`` is open and locked. Every method that starts something says so on the
    console with its seconds, and raises LocalError when it does not come up; what
    was started before stays under the supervisor, so ``supervisor.stop`` is enough.
    """

    def __init__(
        self, folder: DataFolder, account: Account, console: Console, *, port: int
    ) -> None:
        self.folder = folder
        self.base_url = f"http://{HOST}:{port}"
        self._account = account
        self.console = console
        self._port = port
        self.guard = Guard(keep=folder.lock_descriptor())
        self.supervisor = Supervisor(console, self.guard)
        self.environment: dict[str, str] = {}
        self._web: Child

    def start_servers(self) -> None:
        """Start PostgreSQL and Valkey, or take the servers that are set."""
        database_url = os.environ.get("MOBIUS_DATABASE_URL") or self._start_postgres()
        redis_url = os.environ.get("MOBIUS_REDIS_URL") or self._start_valkey()
        self.folder.static.mkdir(exist_ok=True)
        self.environment = process_environment(
            database_url=database_url,
            redis_url=redis_url,
            secret_key=self.folder.secret("secret_key", _secret_key),
            static=self.folder.static,
            base_url=self.base_url,
        )
        publish_running_system(self.folder, self.environment)

    def migrate(self) -> None:
        """Bring the database's tables up to date."""
        with self.console.phase("database tables"):
            self.manage("migrate", "--noinput", "-v", "0")

    def start_processes(self, *, worker_processes: int) -> None:
        """Start web, Celery worker and beat, and keep everything running from now."""
        celery = [sys.executable, "-m", "celery", "-A", "mobius"]
        concurrency = ["--concurrency", str(worker_processes), "--without-mingle"]
        worker = [*celery, "worker", *concurrency, "--without-gossip"]
        beat = [*celery, "beat", "--scheduler", "celery.beat:Scheduler"]
        self._start("worker", [*worker, "--loglevel", "WARNING"], tier=2)
        self._start("beat", [*beat, "--loglevel", "WARNING"], tier=2)
        self._web = self._start("web", self._web_command(), tier=3)
        self.supervisor.watch()

    def bootstrap(self, *, new_key: bool = False) -> Access:
        """Make the organization, project, principals and key that are missing."""
        options = ["--new-key"] if new_key else []
        with self.console.phase("a new key" if new_key else "project and key"):
            said = self.manage("bootstrap", "--json", *options)
        answer = json.loads(said.strip().splitlines()[-1])
        return Access(
            project=answer["project"],
            api_key=answer["api_key"],
            reviewer_id=answer["reviewer_id"],
            reviewer_username=answer["reviewer_username"],
            reviewer_password=answer["reviewer_password"],
            admin_username=answer["admin_username"],
            admin_password=answer["admin_password"],
        )

    def wait_until_ready(self) -> None:
        """Return once the web process answers and sees both of its servers."""
        with self.console.phase("web, worker, beat"):
            wait_until(self._is_ready_or_dead, seconds=READY_SECONDS_MAX)
            if not self._is_ready():
                raise LocalError(
                    f"The web process did not become ready (log: {self._web.log}):\n"
                    f"{log_tail(self._web.log, self._web.log_offset)}"
                )

    def start_demo_worker(self, user_variables: dict[str, str]) -> None:
        """Start one worker that can do the demonstration's actions; wait for a sign."""
        with self.console.phase("demo worker"):
            argv = [sys.executable, "-m", "mobius.local.demo_worker"]
            child = self._start("demo-worker", argv, tier=3, extra=user_variables)
            wait_until(
                lambda: child.log.stat().st_size > child.log_offset,
                seconds=READY_SECONDS_MAX,
            )

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed."""
        log = self.folder.log("manage")
        offset = log.stat().st_size if log.exists() else 0
        with log.open("ab") as errors:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=self.environment,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        if done.returncode:
            raise LocalError(
                f"manage.py {arguments[0]} failed (log: {log}):\n"
                f"{log_tail(log, offset)}"
            )
        return done.stdout

    def _start_postgres(self) -> str:
        with self.console.phase("PostgreSQL") as phase:
            sockets = self.folder.sockets(self._account)
            if sockets.parent != self.folder.root:
                self.guard.remove_at_end(sockets)
            server = Postgres(
                self.folder.postgres, sockets=sockets, account=self._account
            )
            phase.label = f"PostgreSQL {server.programs.version}"
            server.prepare()
            child = self.supervisor.start(server.child(self.folder.log("postgres")))
            server.wait_until_ready(child)
        return server.url

    def _start_valkey(self) -> str:
        with self.console.phase("Valkey") as phase:
            password = self.folder.secret("redis_password", secrets.token_urlsafe)
            server = Valkey(
                self.folder.valkey, password=password, account=self._account
            )
            phase.label = f"Valkey {server.programs.version}"
            server.prepare()
            child = self.supervisor.start(server.child(self.folder.log("valkey")))
            server.wait_until_ready(child)
        return server.url

    def _start(
        self,
        name: str,
        argv: list[str],
        *,
        tier: int,
        extra: dict[str, str] | None = None,
    ) -> Child:
        return self.supervisor.start(
            Child(
                name=name,
                argv=argv,
                log=self.folder.log(name),
                environment={**self.environment, **(extra or {})},
                folder=ROOT,
                tier=tier,
            )
        )

    def _web_command(self) -> list[str]:
        command = [sys.executable, "-m", "uvicorn", "mobius.asgi:application"]
        command += ["--host", HOST, "--port", str(self._port)]
        command += ["--loop", "uvloop", "--http", "httptools"]
        command += ["--ws", "mobius.websockets:WebSockets"]
        command += ["--lifespan", "on", "--no-access-log"]
        return [*command, "--timeout-graceful-shutdown", str(WEB_DRAIN_SECONDS)]

    def _is_ready_or_dead(self) -> bool:
        return not self._web.is_running() or self._is_ready()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError, http.client.HTTPException):
            return False


def _secret_key() -> str:
    return secrets.token_urlsafe(48)
