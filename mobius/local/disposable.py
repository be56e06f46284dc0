"""PostgreSQL and Valkey for tests: made in a second, quick rather than safe.

They never touch the user's data: everything lies in a temporary folder, which is
removed at the end.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from mobius.local.accounts import server_account
from mobius.local.children import Child, Guard
from mobius.local.errors import LocalError
from mobius.local.postgres import Postgres
from mobius.local.valkey import Valkey

VARIABLES = ("MOBIUS_DATABASE_URL", "MOBIUS_REDIS_URL")


class DisposableServers:
    """Servers for the variables that are not set, from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mobius-test-"))
        self._folder.chmod(0o711)
        self._guard = Guard()
        self._guard.remove_at_end(self._folder)
        self._children: list[Child] = []
        self._set: list[str] = []

    def start(self) -> None:
        """Start what is missing and set its variable in our environment."""
        account = server_account()
        if not account.can_enter(self._folder):
            raise LocalError(
                f"{account.name!r} may not enter {self._folder}: set TMPDIR to a "
                "folder that others may pass through."
            )
        if "MOBIUS_REDIS_URL" not in os.environ:
            valkey = Valkey(
                self._folder / "valkey",
                password=secrets.token_urlsafe(16),
                account=account,
                durable=False,
            )
            self._run(valkey, "valkey")
            self._export("MOBIUS_REDIS_URL", valkey.url)
        if "MOBIUS_DATABASE_URL" not in os.environ:
            postgres = Postgres(
                self._folder / "postgres",
                sockets=account.make_folder(self._folder / "sockets"),
                account=account,
                durable=False,
            )
            self._run(postgres, "postgres")
            self._export("MOBIUS_DATABASE_URL", postgres.url)

    def stop(self) -> None:
        """Stop them at once and remove every trace."""
        for child in reversed(self._children):
            child.end_at_once()
            child.finish(self._guard)
        for name in self._set:
            os.environ.pop(name, None)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._guard.dismiss()

    def _run(self, server: Postgres | Valkey, name: str) -> None:
        server.prepare()
        child = server.child(self._folder / f"{name}.log")
        child.start(self._guard)
        self._children.append(child)
        server.wait_until_ready(child)

    def _export(self, name: str, value: str) -> None:
        os.environ[name] = value
        self._set.append(name)


def are_missing() -> bool:
    """Whether the environment lacks one of the servers."""
    return any(name not in os.environ for name in VARIABLES)
