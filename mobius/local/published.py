"""Where the published clients of the tests come from.

They are versions of one distribution, so each is unpacked into a folder of its own in
``.tools``, by its hash in ``deploy/requirements-clients.lock``. What they import beside
themselves is in the environment of the tests.
"""

import os
import re
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from deploy.bootstrap import environment_home
from deploy.package_index import PYTHON, find_uv, run, uv_environment
from mobius.local.environment import ROOT
from mobius.local.errors import LocalError

CLIENTS_LOCK = ROOT / "deploy" / "requirements-clients.lock"
LINES_SHOWN = 5


def locked_clients() -> Mapping[str, str]:
    """The versions that are locked, with the line of each."""
    lines = CLIENTS_LOCK.read_text().splitlines()
    found = ((re.match(r"[\w-]+==(\S+) --hash=", line), line) for line in lines)
    return {match[1]: line for match, line in found if match}


def find_client(version: str) -> Path:
    """The folder to put on the path of a process that should import this version.

    Fetched once; LocalError says why it cannot be had. A folder that exists is
    complete.
    """
    line = locked_clients()[version]
    home = environment_home()
    name = f"client-{version}-{sha256(line.encode()).hexdigest()[:12]}"
    folder = home / ".tools" / name
    if not folder.exists():
        _fetch(line, folder, home)
    return folder


def _fetch(line: str, folder: Path, home: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="client-") as name:
        lock, target = Path(name) / "client.lock", Path(name) / "packages"
        lock.write_text(f"{line}\n")
        uv = find_uv(home)
        program = [uv, "pip", "install", "--python", PYTHON] if uv else _PIP
        options = ["--no-deps", "--require-hashes", "--target", str(target)]
        environ = uv_environment(home) if uv else None
        done = run([*program, "-q", *options, "-r", str(lock)], environ)
        if done.returncode:
            said = "\n".join(done.stdout.strip().splitlines()[-LINES_SHOWN:])
            raise LocalError(f"{line.split()[0]} could not be fetched.\n{said}")
        try:
            os.rename(target, folder)
        except OSError:
            if not folder.exists():  # else somebody else was quicker
                raise


_PIP = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
