"""`manage.py test`: every check at the same time, then every test."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from mobius.local.console import Console
from mobius.local.disposable import DisposableServers, are_missing
from mobius.local.environment import ROOT
from mobius.local.errors import LocalError

NO_CHECKS = "--no-checks"
TYPED = ("mobius", "apps", "tests", "manage.py", "deploy")
TEST_SETTINGS = "mobius.settings.test"


@dataclass(frozen=True)
class Outcome:
    """How one check ended."""

    name: str
    passed: bool
    seconds: float
    output: str


def main(arguments: Sequence[str]) -> int:
    """Run the checks and then pytest with ``arguments``; 0 if everything passed.

    ``--no-checks`` leaves the checks out. Pytest's closing line comes last.
    """
    console = Console()
    pytest_arguments = [word for word in arguments if word != NO_CHECKS]
    servers = DisposableServers() if are_missing() else None
    try:
        if servers:
            servers.start()
        passed = NO_CHECKS in arguments or run_checks(console)
        tested = run_pytest(pytest_arguments)
    except LocalError as error:
        console.line(str(error))
        return 1
    finally:
        if servers:
            servers.stop()
    return tested if passed else tested or 1


def run_checks(console: Console) -> bool:
    """Run every check, as many at once as there are processors."""
    checks = _checks()
    passed = True
    with ThreadPoolExecutor(_processors()) as pool:
        running = [pool.submit(_run_check, *check) for check in checks.items()]
        for finished in as_completed(running):
            outcome = finished.result()
            passed = passed and outcome.passed
            verdict = "ok" if outcome.passed else "FAILED"
            console.line(f"{outcome.name:<20} {verdict:<6} {outcome.seconds:6.1f} s")
            if not outcome.passed:
                console.line(outcome.output)
    return passed


def run_pytest(arguments: Sequence[str]) -> int:
    """Run pytest on all processors, with one process more than there are: the folders
    that kill and restart things wait a quarter of their time. Return its exit code."""
    processes = str(_processors() + 1)
    argv = [sys.executable, "-m", "pytest", "-n", processes, *arguments]
    return subprocess.run(argv, cwd=ROOT, check=False).returncode


def _checks() -> dict[str, list[str]]:
    """The slowest first, so that the others run beside it."""
    python = sys.executable
    tools = Path(python).parent
    ruff = str(tools / "ruff")
    migrations = ["makemigrations", "--check", "--dry-run"]
    return {
        "mypy": [python, "-m", "mypy", *TYPED],
        "migrations in step": [python, "manage.py", *migrations],
        "lint-imports": [str(tools / "lint-imports")],
        "ruff check": [ruff, "check", "."],
        "ruff format": [ruff, "format", "--check", "."],
    }


def _run_check(name: str, argv: Sequence[str]) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": TEST_SETTINGS},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.monotonic() - started
    return Outcome(name, done.returncode == 0, seconds, done.stdout)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
