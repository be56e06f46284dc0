"""The system that ``manage.py up`` runs on this machine for this user, if it does."""

import contextlib
import fcntl
import os
import shlex
from pathlib import Path

from mobius.cli.private_files import Unsafe, read_private
from mobius.cli.profiles import Profile


def data_folder() -> Path:
    """Where ``up`` keeps its data: ``MOBIUS_DATA_DIR``; /var/lib/mobius for root;
    else below the user's data."""
    chosen = os.environ.get("MOBIUS_DATA_DIR")
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/mobius")
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(home) / "mobius"


def find_local_system() -> tuple[Profile | None, str]:
    """The running system's address, project and key; else None and why not.

    Only a file of this user that nobody else can read is believed, and only while
    ``up`` holds its lock: a key is not sent to whatever has its port afterwards.
    """
    folder = data_folder()
    try:
        text = read_private(folder / "env")
    except Unsafe as error:
        return None, str(error)
    except (OSError, UnicodeDecodeError):
        return None, f"{folder / 'env'} cannot be read"
    if text is None or not _is_running(folder / "up.lock"):
        return None, f"no system of this user runs in {folder}"
    words: list[str] = []
    with contextlib.suppress(ValueError):
        words = shlex.split(text, comments=True)
    kept = dict(word.split("=", 1) for word in words if "=" in word)
    try:
        return Profile(
            kept["MOBIUS_BASE_URL"], kept["MOBIUS_API_KEY"], kept["MOBIUS_PROJECT"]
        ), ""
    except KeyError as error:
        return None, f"{folder / 'env'} does not say {error.args[0]}"


def _is_running(lock: Path) -> bool:
    try:
        with lock.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
