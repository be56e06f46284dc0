"""From a bare tree to the first completed run: `up`, cold and warm.

Nothing is shared with the environment in use: the tree is copied without what was
built in it, and every cache is an empty folder.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.load.figures import Row

ROOT: Final = Path(__file__).resolve().parents[2]
PLACE: Final = "/var/tmp"
LEFT_OUT: Final = (
    ".git",
    ".venv",
    ".tools",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "build",
)
FIRST_RUN: Final = "Mobius is up."
COLD_SECONDS_AIM: Final = 120
WARM_SECONDS_AIM: Final = 15
SECONDS_MAX: Final = 600.0
STOP_SECONDS_MAX: Final = 60.0


def measure() -> list[Row]:
    """Start the copy twice; return how long each took to its first completed run."""
    place = Path(tempfile.mkdtemp(prefix="mobius-setup-", dir=PLACE))
    place.chmod(0o711)
    try:
        tree = place / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        cold = _up(tree, place)
        warm = _up(tree, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return [
        Row(
            "`up` from nothing to the first completed run, empty caches",
            f"{cold:.1f} s",
            f"<= {COLD_SECONDS_AIM} s",
            "the package index and the network count",
        ),
        Row("`up` the second time", f"{warm:.1f} s", f"<= {WARM_SECONDS_AIM} s"),
    ]


def _up(tree: Path, place: Path) -> float:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    words = ["up", "--port", str(port), "--data-dir", str(place / "data")]
    started = time.monotonic()
    process = subprocess.Popen(
        [_plain_python(), "manage.py", *words],
        cwd=tree,
        env=_bare_environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            said.append(line)
            if FIRST_RUN in line:
                return time.monotonic() - started
            if time.monotonic() - started > SECONDS_MAX:
                break
        raise RuntimeError("`up` did not come up:\n" + "".join(said[-20:]))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _plain_python() -> str:
    """The interpreter below the environment in use."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _bare_environment(place: Path) -> dict[str, str]:
    """The environment without what the bench, or a shell in the project, has set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOBIUS_", "VIRTUAL_ENV", "DJANGO_", "PYTHONPATH"))
        and name != "PROJECT"
    }
    caches = {
        "UV_CACHE_DIR": "uv",
        "PIP_CACHE_DIR": "pip",
        "XDG_CACHE_HOME": "xdg",
    }
    for variable, name in caches.items():
        folder = place / name
        folder.mkdir(exist_ok=True)
        kept[variable] = str(folder)
    return kept
