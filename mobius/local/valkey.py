"""A Valkey (or Redis) of our own: on the loopback, behind a generated password.

Celery's broker needs TCP; the password keeps other users of the machine out. What
Redis holds may be lost without harm (PostgreSQL is right, Redis is quick), so the
append-only file is flushed once a second.
"""

import os
import socket
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mobius.local.accounts import Account
from mobius.local.binaries import Programs, find_valkey
from mobius.local.children import Child
from mobius.local.errors import LocalError, log_tail
from mobius.local.folders import write_private

HOST = "127.0.0.1"
DATABASES = 16
READY_SECONDS_MAX = 30.0


class Valkey:
    """One server whose files are in ``folder``; ``durable=False`` keeps none."""

    def __init__(
        self, folder: Path, *, password: str, account: Account, durable: bool = True
    ) -> None:
        self.folder = folder
        self.password = password
        self.account = account
        self.durable = durable
        self.port = free_port()
        self.programs: Programs = find_valkey(account)

    @property
    def url(self) -> str:
        """Where clients find it: database 0, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        """Make the folder and write the configuration, which holds the password."""
        self.account.make_folder(self.folder)
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "requirepass": self.password,
            "protected-mode": "yes",
            "databases": str(DATABASES),
            "dir": str(self.folder),
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "daemonize": "no",
        }
        configuration = self._configuration
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        write_private(configuration, lines)
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(configuration, self.account.uid, self.account.gid)

    def child(self, log: Path) -> Child:
        """The server as a process that can be started and stopped."""
        return Child(
            name="valkey",
            argv=[str(self.programs.path), str(self._configuration)],
            log=log,
            environment=dict(os.environ),
            account=self.account,
            tier=1,
        )

    def wait_until_ready(self, child: Child) -> None:
        """Return once the server answers and has loaded its data."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        once = Retry(NoBackoff(), 0)  # the loop below is the patience
        with redis.Redis(
            host=HOST, port=self.port, password=self.password, retry=once
        ) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError as error:
                    if child.is_running() and time.monotonic() < deadline:
                        time.sleep(0.02)
                        continue
                    said = log_tail(child.log, child.log_offset)
                    raise LocalError(
                        f"Valkey did not start. Its last words:\n{said}"
                    ) from error

    @property
    def _configuration(self) -> Path:
        return self.folder / "valkey.conf"


def free_port() -> int:
    """A loopback TCP port that nobody uses at this moment."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])
