"""`manage.py lock`: make the lock files in deploy/ again from pyproject.toml."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.bootstrap import environment_home
from deploy.package_index import TOOLS_LOCK, find_uv, uv_environment
from mobius.local.console import Console
from mobius.local.environment import ROOT

DEPLOY = ROOT / "deploy"
COMPILE = ("pip", "compile", "--quiet", "--universal", "--generate-hashes")
PLAIN = ("--no-header", "--no-annotate", "--python-version", "3.11")


def main(arguments: Sequence[str]) -> int:
    """Resolve and write the three lock files; extra arguments go to uv.

    ``--upgrade`` looks for newer versions of what pyproject.toml does not pin. The
    version of uv itself is the first line of requirements-tools.lock: to change it,
    edit the number there and lock again.
    """
    console = Console()
    home = environment_home()
    uv = find_uv(home)
    if uv is None:
        console.line("Locking needs uv, which cannot be had here.")
        return 1
    project, run_lock = ROOT / "pyproject.toml", DEPLOY / "requirements.lock"
    pinned = re.match(r"uv==[\w.]+", TOOLS_LOCK.read_text())
    tools = home / ".tools" / "uv.in"
    tools.write_text(f"{pinned[0] if pinned else 'uv'}\n")
    for source, target, options in (
        (project, run_lock, []),
        (project, DEPLOY / "requirements-dev.lock", ["--extra", "dev"]),
        (tools, TOOLS_LOCK, []),
    ):
        argv = [uv, *COMPILE, *PLAIN, *options, *arguments, str(source)]
        if target.name == "requirements-dev.lock":
            argv += ["--constraint", str(run_lock)]  # one version in both
        argv += ["--output-file", str(target)]
        with console.phase(target.name):
            done = subprocess.run(argv, env=uv_environment(home), check=False)
        if done.returncode or names_an_index(target):
            console.line(f"{target} was not locked.")
            return 1
    return 0


def names_an_index(lock: Path) -> bool:
    """Whether a lock file says where packages come from, which is the machine's."""
    return "://" in lock.read_text()
