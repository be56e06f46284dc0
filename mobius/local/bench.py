"""`manage.py bench`: a fresh, durable system in a temporary folder, and the load on it.

The measurements themselves are in ``tests/load``, a program like any other client.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mobius.local.accounts import server_account
from mobius.local.console import Console
from mobius.local.environment import ROOT, user_variables
from mobius.local.errors import LocalError
from mobius.local.folders import DataFolder
from mobius.local.system import System
from mobius.local.up import stop_at_signals
from mobius.local.valkey import free_port

#: On disk, unlike /tmp on many machines: the figures must include real flushes.
PLACE = "/var/tmp"  # noqa: S108 - the folder in it is made for us alone
WORKER_PROCESSES = 2


def main(arguments: Sequence[str]) -> int:
    """Start a system, run ``python -m tests.load`` with ``arguments``, stop it.

    The load finds the system by the variables of the users' file and those of its
    servers. Returns the load's exit code.
    """
    console = Console()
    place = Path(tempfile.mkdtemp(prefix="mobius-bench-", dir=PLACE))
    place.chmod(0o711)
    folder = DataFolder(place)
    account = server_account()
    folder.open(account)
    system = System(folder, account, console, port=free_port())
    system.guard.remove_at_end(place)
    stop_at_signals(system, console)
    try:
        return _measure(system, arguments)
    except KeyboardInterrupt:
        return 130
    except LocalError as error:
        console.line(f"\n{error}")
        return 1
    finally:
        system.supervisor.stop()


def _measure(system: System, arguments: Sequence[str]) -> int:
    system.start_servers()
    system.migrate()
    system.start_processes(worker_processes=WORKER_PROCESSES)
    access = system.bootstrap()
    system.wait_until_ready()
    variables = user_variables(
        base_url=system.base_url,
        api_key=access.api_key or "",
        project=access.project,
        reviewer_id=access.reviewer_id,
    )
    return subprocess.run(
        [sys.executable, "-m", "tests.load", *arguments],
        cwd=ROOT,
        env={**os.environ, **system.environment, **variables},
        check=False,
    ).returncode
