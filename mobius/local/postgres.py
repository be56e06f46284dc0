"""A PostgreSQL of our own, from programs that somebody else built.

The cluster is made in a folder beside its final place and renamed when complete, so
``postgres/`` either holds a whole cluster or does not exist. The server is our
direct child, listens on a private Unix socket only, and keeps every commit.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from mobius.local.accounts import Account
from mobius.local.binaries import Programs, find_postgres
from mobius.local.children import Child
from mobius.local.errors import LocalError, log_tail

USER = "mobius"
DATABASE = "mobius"
READY_SECONDS_MAX = 60.0
STOP_GRACE_SECONDS = 20.0
CONNECTIONS_MAX = 200
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
DISPOSABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class Postgres:
    """One cluster in ``folder``, reached through a socket in ``sockets``.

    ``durable=False`` trades safety for speed: for data that is thrown away.
    """

    def __init__(
        self, folder: Path, *, sockets: Path, account: Account, durable: bool = True
    ) -> None:
        self.folder = folder
        self.sockets = sockets
        self.account = account
        self.durable = durable
        self.programs: Programs = find_postgres(account, major=_major_of(folder))

    @property
    def url(self) -> str:
        """Where clients find the database."""
        host = quote(str(self.sockets), safe="/")
        return f"postgresql://{USER}@/{DATABASE}?host={host}"

    def prepare(self) -> None:
        """Make the cluster if there is none. Never touches one that it cannot use."""
        for leftover in self.folder.parent.glob(f"{self.folder.name}.part-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if not self.folder.exists():
            self._initialise()
            return
        major = _major_of(self.folder)
        if major is None:
            raise LocalError(
                f"{self.folder} exists but holds no PostgreSQL cluster (PG_VERSION is "
                "missing).\nNothing was changed. Put the folder back from a backup, or "
                "start with an empty system: --fresh, or another --data-dir."
            )
        if major != self.programs.major:
            raise LocalError(
                f"The data in {self.folder} were written by PostgreSQL {major}; the "
                f"programs here are version {self.programs.version}.\nNothing was "
                f"changed. Install PostgreSQL {major} on this machine (it is found by "
                "itself), or move the data with pg_dump and a new --data-dir."
            )

    def child(self, log: Path) -> Child:
        """The server as a process that can be started and stopped."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": str(CONNECTIONS_MAX),
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(DURABLE if self.durable else DISPOSABLE),
        }
        argv = [str(self.programs.path / "postgres"), "-D", str(self.folder)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        return Child(
            name="postgres",
            argv=argv,
            log=log,
            environment=_bare_environment(),
            account=self.account,
            tier=0,
            stop_signal=signal.SIGINT,  # "fast": end sessions, write a checkpoint
            quick_signal=signal.SIGQUIT,  # "immediate": replay the log next time
            grace_seconds=STOP_GRACE_SECONDS,
        )

    def wait_until_ready(self, child: Child) -> None:
        """Return once the server answers and the database exists."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                with self._connect() as connection:
                    _create_database(connection)
                return
            except psycopg.OperationalError as error:
                if child.is_running() and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                raise LocalError(
                    _explain(self.folder, log_tail(child.log, child.log_offset))
                ) from error

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            user=USER,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _initialise(self) -> None:
        parent = self.folder.parent
        part = Path(tempfile.mkdtemp(prefix=f"{self.folder.name}.part-", dir=parent))
        self.account.make_folder(part)
        argv = [str(self.programs.path / "initdb"), "-D", str(part), "-U", USER]
        argv += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        if not self.durable:
            argv.append("--no-sync")
        made = subprocess.run(
            argv,
            check=False,
            env=_bare_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **self.account.process_options(),
        )
        if made.returncode:
            shutil.rmtree(part, ignore_errors=True)
            said = "\n".join(f"    {line}" for line in made.stdout.splitlines()[-8:])
            raise LocalError(_explain(self.folder, said))
        part.rename(self.folder)
        _flush_folder(parent)


def _explain(folder: Path, said: str) -> str:
    """A sentence for the usual reasons a server does not start, and its own words."""
    other = re.search(r"Is another postmaster \(PID (\d+)\)", said)
    if "No space left on device" in said or "Disk quota exceeded" in said:
        reason = (
            f"PostgreSQL did not start: the disk of {folder} is full. Nothing is lost; "
            "free some space and start again."
        )
    elif other:
        reason = (
            f"PostgreSQL is already running with the data folder {folder} "
            f"(pid {other[1]}). Stop it first, or choose another --data-dir."
        )
    else:
        reason = f"PostgreSQL did not start with {folder}. Its last words:"
    return f"{reason}\n{said}".rstrip()


def _create_database(connection: psycopg.Connection) -> None:
    known = connection.execute(
        "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
    ).fetchone()
    if not known:
        with contextlib.suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())


def _major_of(folder: Path) -> int | None:
    try:
        return int((folder / "PG_VERSION").read_text())
    except (OSError, ValueError):
        return None


def _bare_environment() -> dict[str, str]:
    """The environment without the PG* variables, which would change the server."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
