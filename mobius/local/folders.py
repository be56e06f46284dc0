"""The data folder of a local system: where it is, whose it is, who is using it."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from mobius.local.accounts import Account
from mobius.local.errors import LocalError

MARKER_NAME = "mobius-data.json"
MARKER = {"made_by": "mobius", "layout": 1}
FREE_BYTES_MIN = 300 * 1024 * 1024
SOCKET_PATH_BYTES_MAX = 90  # the system's limit is 107, for folder and file name
LOG_BYTES_MAX = 20 * 1024 * 1024
STOPPING_SECONDS_MAX = 20.0


def default_root() -> Path:
    """``MOBIUS_DATA_DIR``; else /var/lib/mobius for root; else in the user's home."""
    chosen = os.environ.get("MOBIUS_DATA_DIR")
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/mobius")
    data_home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(data_home) / "mobius"


class DataFolder:
    """One local system's files; every path in it is an attribute."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.marker = root / MARKER_NAME
        self.postgres = root / "postgres"
        self.valkey = root / "valkey"
        self.logs = root / "logs"
        self.static = root / "static"
        self.env_file = root / "env"
        self.secrets_file = root / "secrets.json"
        self.running_file = root / "running.json"
        self.lock_file = root / "up.lock"
        self._lock: IO[str] | None = None

    def open(self, account: Account, *, fresh: bool = False) -> None:
        """Make or adopt the folder and lock it; with ``fresh``, empty it first.

        Raises LocalError, having changed nothing, when the folder is somebody
        else's, in use, cannot be written, cannot be entered by the servers'
        account, or has too little space.
        """
        try:
            self._adopt(account)
            self._take_lock()
            if fresh:
                self._empty()
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LocalError(
                f"The data folder {self.root} cannot be used: {error.strerror}.\n"
                "Choose another one with --data-dir."
            ) from error
        self._check_space()
        if not account.can_enter(self.root):
            raise LocalError(
                f"PostgreSQL refuses to run as root, so it runs as {account.name!r}, "
                f"who may not enter {self.root}.\nChoose a folder that others may "
                "pass through with --data-dir, for instance /var/lib/mobius."
            )

    def close(self) -> None:
        """Unlock the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def lock_descriptor(self) -> int:
        """The descriptor that holds the lock, for a process that outlives us."""
        if self._lock is None:
            raise LocalError(f"{self.root} is not open")
        return self._lock.fileno()

    def is_in_use(self) -> bool:
        """Whether a running system holds the folder."""
        try:
            with self.lock_file.open() as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def sockets(self, account: Account) -> Path:
        """A private folder for sockets, with a path short enough for one."""
        folder = self.root / "sockets"
        if len(os.fsencode(folder)) > SOCKET_PATH_BYTES_MAX:
            folder = Path(tempfile.mkdtemp(prefix="mobius-"))
        return account.make_folder(folder)

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """The secret called ``name``: made once, then always the same."""
        kept = self.read_secrets()
        return kept[name] if name in kept else self.keep_secret(name, make())

    def keep_secret(self, name: str, value: str) -> str:
        """Keep ``value`` as the secret called ``name``; return it."""
        kept = {**self.read_secrets(), name: value}
        write_private(self.secrets_file, json.dumps(kept, indent=2) + "\n")
        return value

    def read_secrets(self) -> dict[str, str]:
        """Every secret made so far, by name."""
        try:
            kept = json.loads(self.secrets_file.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise LocalError(
                f"{self.secrets_file} is damaged; put it back from a backup, or remove "
                "it to make new secrets (sign-ins end, API keys stay)."
            ) from error
        return {str(name): str(value) for name, value in kept.items()}

    def log(self, name: str) -> Path:
        """The log file called ``name``; a long one is put aside first."""
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _adopt(self, account: Account) -> None:
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self.root.chmod(0o700 if account.uid is None else 0o711)
        if self.marker.exists():
            return
        if any(self.root.iterdir()):
            raise LocalError(
                f"{self.root} is not empty and was not made by Mobius; nothing in it "
                "was touched.\nChoose another folder with --data-dir."
            )
        self.marker.write_text(json.dumps(MARKER) + "\n")

    def _take_lock(self) -> None:
        handle = self.lock_file.open("a+")
        deadline = time.monotonic() + STOPPING_SECONDS_MAX
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                pid = _holder(handle)
                if _is_alive(pid) or time.monotonic() > deadline:
                    handle.close()
                    raise LocalError(
                        f"Mobius is already running with the data folder {self.root} "
                        f"(pid {pid}).\nStop it first, or choose another folder with "
                        "--data-dir."
                    ) from None
                time.sleep(0.1)  # its guard is still stopping what it had started
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        self._lock = handle

    def _empty(self) -> None:
        for path in list(self.root.iterdir()):
            if path in (self.marker, self.lock_file):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < FREE_BYTES_MIN:
            raise LocalError(
                f"Only {free // 2**20} MB are free in {self.root}; at least "
                f"{FREE_BYTES_MIN // 2**20} MB are needed. Nothing was started.\n"
                "Free some space or choose another folder with --data-dir."
            )


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one step, readable by its owner only."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _holder(handle: IO[str]) -> int | None:
    handle.seek(0)
    text = handle.read().strip()
    return int(text) if text.isdigit() else None


def _is_alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
