"""The account that PostgreSQL and Valkey run under.

PostgreSQL refuses to run as root. When root starts the system, both servers run as
``nobody``: no account is made and no folder that we did not make is touched.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobius.local.errors import LocalError

UNPRIVILEGED_NAME = "nobody"


@dataclass(frozen=True)
class Account:
    """Who the servers run as; ``uid`` is None when that is simply us."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def process_options(self) -> dict[str, Any]:
        """Keyword arguments for ``subprocess`` that make a process this account's."""
        if self.uid is None:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.uid, "group": self.gid, "extra_groups": []}

    def make_folder(self, path: Path) -> Path:
        """Make ``path``, readable by this account only; return it."""
        path.mkdir(mode=0o700, parents=False, exist_ok=True)
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)
        return path

    def can_enter(self, path: Path) -> bool:
        """Whether this account can get into the folder ``path``."""
        return self._allowed("-x", path)

    def can_run(self, program: Path) -> bool:
        """Whether this account can read and execute the file ``program``."""
        return self._allowed("-r", program) and self._allowed("-x", program)

    def _allowed(self, flag: str, path: Path) -> bool:
        if self.uid is None:
            return os.access(path, os.X_OK if flag == "-x" else os.R_OK)
        try:
            asked = subprocess.run(
                ["/bin/sh", "-c", f'test {flag} "$1"', "sh", str(path)],
                check=False,
                **self.process_options(),
            )
        except (PermissionError, subprocess.SubprocessError) as error:
            raise LocalError(
                f"This process may not start programs as {self.name!r} ({error}), and "
                "PostgreSQL refuses to run as root.\nRun the command as an ordinary "
                "user, or set MOBIUS_DATABASE_URL to a server of your own."
            ) from error
        return asked.returncode == 0


def server_account() -> Account:
    """The account for the servers: ourselves, or ``nobody`` when we are root."""
    if os.geteuid() != 0:
        return Account(name=str(os.geteuid()))
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_NAME)
    except KeyError as error:
        raise LocalError(
            f"PostgreSQL refuses to run as root and there is no account "
            f"{UNPRIVILEGED_NAME!r} here.\nRun the command as an ordinary user."
        ) from error
    return Account(UNPRIVILEGED_NAME, entry.pw_uid, entry.pw_gid)
