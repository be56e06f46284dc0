"""uv, and the machine's own way to the package index. Standard library only."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

TOOLS_LOCK = Path(__file__).resolve().parent / "requirements-tools.lock"
#: The Python to build with: never that of an environment which may be removed.
PYTHON = (
    sys.executable
    if sys.prefix == sys.base_prefix
    else os.path.realpath(sys.executable)
)


def uv_settings(pip_lines: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """What uv must be told of this machine's pip configuration, as variables.

    uv does not read pip's files. ``pip_lines`` are the lines of ``pip config
    list``; variables already in ``environ`` win. Every package is pinned by
    hash, so looking into all indexes at once is safe.
    """
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for line in pip_lines:
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                words = value.strip().strip("'\"").replace("\\n", " ").split()
                found[name.removeprefix(f"{section}.")] = " ".join(words)
    wanted = {
        "UV_DEFAULT_INDEX": found.get("index-url"),
        "UV_INDEX": found.get("extra-index-url"),
        "UV_FIND_LINKS": (found.get("find-links") or "").replace(" ", ","),
        "UV_NO_INDEX": found.get("no-index"),
        "UV_INSECURE_HOST": found.get("trusted-host"),
        "SSL_CERT_FILE": found.get("cert"),
        "ALL_PROXY": found.get("proxy"),
        "UV_INDEX_STRATEGY": "unsafe-best-match" if found else None,
    }
    return {
        name: value for name, value in wanted.items() if value and name not in environ
    }


def find_uv(home: Path) -> str | None:
    """The pinned uv, fetched by pip if needed; else one on the PATH; else None."""
    tools = home / ".tools" / f"uv-{digest(TOOLS_LOCK)[:12]}"
    program = tools / "bin" / "uv"
    if not program.exists():
        shutil.rmtree(tools, ignore_errors=True)
        fetch = ["-m", "pip", "install", "-q", "--disable-pip-version-check"]
        fetch += ["--no-deps", "--require-hashes", "-r", str(TOOLS_LOCK)]
        run([PYTHON, *fetch, "--target", str(tools)])
    return str(program) if program.exists() else shutil.which("uv")


def uv_environment(home: Path) -> dict[str, str]:
    """The variables to run uv with: the machine's index settings, a usable cache."""
    listed = run([PYTHON, "-m", "pip", "config", "list"])
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    environ = {**os.environ, **uv_settings(lines, os.environ)}
    environ.pop("VIRTUAL_ENV", None)
    if not os.access(os.path.expanduser("~"), os.W_OK):
        environ.setdefault("UV_CACHE_DIR", str(home / ".tools" / "cache"))
    return environ


def run(
    argv: Sequence[str], environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program; return its exit code and everything it said, in one text."""
    return subprocess.run(
        argv,
        env=environ,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
