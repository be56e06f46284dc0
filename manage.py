#!/usr/bin/env python3
"""Mobius on the command line.

    python3 manage.py up       the whole system on this machine
    python3 manage.py mobius   the command line: workflows, runs, people, events
    python3 manage.py test     every check, then every test
    python3 manage.py bench    the load table
    python3 manage.py lock     make the lock files in deploy/ again
    python3 manage.py openapi  print the API's contract; --write commits it to its file

Everything else is Django's: migrate, shell, createsuperuser, ... The first call
makes an isolated environment from the lock files and carries on inside it.
"""

import getpass
import importlib
import os
import sys

LOCAL_COMMANDS = {
    "up": "mobius.local.up",
    "mobius": "mobius.cli.main",
    "test": "mobius.local.testing",
    "bench": "mobius.local.bench",
    "lock": "mobius.local.locking",
    "openapi": "mobius.local.contract",
}
DEVELOPER_COMMANDS = {"test", "bench", "lock", "openapi"}


def main() -> int:
    """Run one command in the project's environment; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - we speak before it fails
        have = ".".join(str(part) for part in sys.version_info[:3])
        print(f"Mobius needs Python 3.11 or newer; {sys.executable} is {have}.")
        return 1
    from deploy.bootstrap import ensure_environment

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    ensure_environment(dev=command in DEVELOPER_COMMANDS)
    if command in LOCAL_COMMANDS:
        module = importlib.import_module(LOCAL_COMMANDS[command])
        return int(module.main(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    from mobius.local.environment import adopt_running_system

    adopt_running_system()
    os.environ.setdefault("MOBIUS_ACTOR", f"cli:{getpass.getuser()}:{command}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobius.settings.production")
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
