"""Files that hold keys: written for their owner only, read only if that is so."""

import contextlib
import os
import secrets
import stat
from pathlib import Path


class Unsafe(Exception):
    """A file with a key could be read or changed by somebody else; says which."""


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one step, mode 0600, making its folder (0700)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def read_private(path: Path) -> str | None:
    """The text of ``path``; None when there is no such file.

    Raises:
        Unsafe: it is not a plain file of this user with mode 0600 or less.
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, encoding="utf-8") as handle:
        found = os.fstat(handle.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise Unsafe(f"{path} is not a file of this user; it is not used")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise Unsafe(f"{path} can be read by others; run: chmod 600 {path}")
        return handle.read()
