"""Make the project's Python environment, with nothing but the standard library.

    from deploy.bootstrap import ensure_environment
    ensure_environment(dev=False)

From bare Python to the locked, hash-checked dependencies in a few seconds: pip
fetches uv (pinned and hashed too) into ``.tools``, uv makes ``.venv``. Where uv
cannot do it, ``venv`` and pip do the same more slowly. A stamp in ``.venv``,
written last, says which lock file it was made from: without it the environment is
half made and is made again; with another lock's stamp it is brought up to date.

``python3 -m deploy.bootstrap [--dev]`` only makes the environment (for images).
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from deploy.package_index import PYTHON, digest, find_uv, run, uv_environment

ROOT = Path(__file__).resolve().parent.parent
LOCK_NAMES = {False: "requirements.lock", True: "requirements-dev.lock"}
STAMP_NAME = "mobius-stamp.json"
FREE_BYTES_MIN = 500 * 1024 * 1024
OUTPUT_LINES_SHOWN = 12
DISK_FULL = "The disk is full: free about 500 MB and run the command again."
NETWORK_SIGNS = (
    "resolve",
    "dns",
    "connection",
    "connect error",
    "network",
    "timed out",
    "no matching distribution",
)


class SetupError(Exception):
    """The environment cannot be made; the message is for the person who asked."""


def ensure_environment(*, dev: bool) -> None:
    """Return inside the locked environment, making it and re-executing if needed.

    ``dev`` asks for the tools of ``test``, ``bench`` and ``lock`` as well; an
    environment that has them serves both. On failure it prints why, in plain
    words, and exits with 1.
    """
    try:
        environment = make_environment(dev=dev)
    except SetupError as error:
        print(f"\nMobius could not set itself up.\n{error}", file=sys.stderr)
        sys.exit(1)
    if Path(sys.prefix).resolve() != environment.resolve():
        _run_again_in(environment)


def make_environment(*, dev: bool) -> Path:
    """Make or refresh the environment when it is missing or stale; return it.

    Only one process at a time works on it; the others wait and find it done.
    """
    home = environment_home()
    environment = home / ".venv"
    if is_fresh(environment, dev=dev):
        return environment
    with _alone(home / ".tools"):
        if is_fresh(environment, dev=dev):  # somebody else was quicker
            return environment
        dev = dev or _stamp(environment).get("dev") is True
        _check_space(home)
        started = time.monotonic()
        _say("Setting up Python packages (once; locked and hash-checked) ...")
        _install(home, environment, dev=dev)
        _say(f"Python packages are ready ({time.monotonic() - started:.1f} s).")
    return environment


def environment_home() -> Path:
    """The folder that holds ``.venv``: the checkout, or the user's cache folder.

    A checkout that cannot be written is used when its environment is complete.
    """
    ready = any(is_fresh(ROOT / ".venv", dev=dev) for dev in (False, True))
    if ready or os.access(ROOT, os.W_OK):
        return ROOT
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    return cache / "mobius" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]


def is_fresh(environment: Path, *, dev: bool) -> bool:
    """Whether ``environment`` is complete and made from today's lock file."""
    stamp = _stamp(environment)
    if not stamp or not os.access(environment / "bin" / "python", os.X_OK):
        return False
    has_dev = stamp.get("dev") is True
    return has_dev >= dev and stamp.get("sha256") == digest(Path(_lock(has_dev)))


def write_stamp(environment: Path, *, dev: bool) -> None:
    """Say that ``environment`` is complete."""
    stamp = {"dev": dev, "sha256": digest(Path(_lock(dev)))}
    (environment / STAMP_NAME).write_text(json.dumps(stamp))


def _install(home: Path, environment: Path, *, dev: bool) -> None:
    before = _stamp(environment)
    anew = not before or not os.access(environment / "bin" / "python", os.X_OK)
    (environment / STAMP_NAME).unlink(missing_ok=True)
    complaint = None
    uv = find_uv(home)
    if uv:
        steps = _steps_with_uv(uv, environment, dev=dev, anew=anew)
        complaint = _first_failure(steps, uv_environment(home))
    if not uv or (complaint and anew and DISK_FULL not in complaint):
        _say("uv cannot do it here; using venv and pip, which takes a little longer.")
        steps = _steps_with_pip(environment, dev=dev, anew=anew)
        complaint = _first_failure(steps, os.environ)
    if complaint:
        if not anew and DISK_FULL not in complaint:  # what there was is still whole
            (environment / STAMP_NAME).write_text(json.dumps(before))
        raise SetupError(complaint)
    for packages in environment.glob("lib/python*/site-packages"):
        (packages / "mobius.pth").write_text(f"{ROOT}\n")  # for pytest, celery, ...
    write_stamp(environment, dev=dev)


def _steps_with_uv(
    uv: str, environment: Path, *, dev: bool, anew: bool
) -> list[list[str]]:
    python = str(environment / "bin" / "python")
    make = [uv, "venv", "-q", "--clear", "--python", PYTHON, str(environment)]
    # Without bytecode every process of a first start compiles the packages again.
    quietly = ["-q", "--compile-bytecode"]
    sync = [uv, "pip", "sync", *quietly, "--require-hashes", "--python", python]
    return [*([make] if anew else []), [*sync, _lock(dev)]]


def _steps_with_pip(environment: Path, *, dev: bool, anew: bool) -> list[list[str]]:
    python = str(environment / "bin" / "python")
    make = [PYTHON, "-m", "venv", "--clear", str(environment)]
    install = [python, "-m", "pip", "install", "-q", "--require-hashes", "-r"]
    return [*([make] if anew else []), [*install, _lock(dev)]]


def _first_failure(
    steps: Sequence[Sequence[str]], environ: Mapping[str, str]
) -> str | None:
    for argv in steps:
        result = run(argv, environ)
        if result.returncode:
            return _explain(argv, result)
    return None


def _explain(argv: Sequence[str], result: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    said = "\n".join(f"    {line}" for line in lines[-OUTPUT_LINES_SHOWN:])
    text = result.stdout.lower()
    if "no space left" in text or "disk quota" in text:
        advice = DISK_FULL
    elif "ensurepip" in text:
        advice = (
            "This Python has neither pip nor ensurepip: install one of the system's\n"
            "packages for them (Debian: python3-pip or python3-venv), or uv."
        )
    elif "hash" in text and "mismatch" in text:
        advice = "A package differs from the one that was locked: it was not installed."
    elif any(sign in text for sign in NETWORK_SIGNS):
        advice = (
            "The package index cannot be reached. If this machine is behind a proxy\n"
            "or has its own index, set it in pip's or uv's configuration; it is used."
        )
    else:
        advice = "Nothing was damaged: run the command again once this is mended."
    return f"{advice}\n  {' '.join(argv[:3])} said:\n{said}"


def _check_space(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise SetupError(
            f"No folder for the Python packages: neither {ROOT} nor {home} can be "
            f"written ({error.strerror}).\nMake one writable or set XDG_CACHE_HOME."
        ) from error
    if free < FREE_BYTES_MIN:
        raise SetupError(
            f"Only {free // 2**20} MB are free in {home}; about "
            f"{FREE_BYTES_MIN // 2**20} MB are needed."
        )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / "setup.lock").open("w")
    except OSError as error:
        raise SetupError(f"{folder} cannot be written: {error.strerror}.") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another process is setting up the Python packages; waiting ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _stamp(environment: Path) -> dict[str, object]:
    try:
        stamp = json.loads((environment / STAMP_NAME).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _lock(dev: bool) -> str:
    return str(ROOT / "deploy" / LOCK_NAMES[dev])


def _run_again_in(environment: Path) -> NoReturn:
    python = str(environment / "bin" / "python")
    os.environ.pop("PYTHONHOME", None)
    sys.stdout.flush()
    os.execv(python, [python, *sys.argv])  # noqa: S606 - our own interpreter


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(make_environment(dev="--dev" in sys.argv[1:]))
    except SetupError as failure:
        sys.exit(str(failure))
