"""`manage.py up`: the whole system, its demonstration, and then it stays up."""

import argparse
import http.client
import os
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mobius.local.accounts import server_account
from mobius.local.client import ApiError, Client
from mobius.local.console import Console
from mobius.local.demo import is_key_accepted, run_demo
from mobius.local.environment import read_user_file, user_variables, write_user_file
from mobius.local.errors import LocalError
from mobius.local.folders import DataFolder, default_root
from mobius.local.system import HOST, Access, System

KILLED_EXIT_CODE = 130


def main(arguments: Sequence[str]) -> int:
    """Bring the system up, stay until Ctrl-C or SIGTERM, bring it down."""
    options = read_options(arguments)
    console = Console()
    try:
        require_free_port(options.port)
        folder = DataFolder(options.data_dir)
        account = server_account()
        folder.open(account, fresh=options.fresh)
        system = System(folder, account, console, port=options.port)
    except LocalError as error:
        console.line(f"\n{error}")
        return 1
    stop_at_signals(system, console)
    try:
        console.line(f"Mobius, in {folder.root}")
        bring_up(system, options)
        threading.Event().wait()
    except KeyboardInterrupt:
        console.line("\nStopping ...")
    except LocalError as error:
        console.line(f"\n{error}")
        return 1
    finally:
        system.supervisor.stop()
        folder.running_file.unlink(missing_ok=True)
    console.line("Everything has stopped.")
    return 0


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, with the environment for what it leaves out."""
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Run the whole system on this machine."
    )
    parser.add_argument(
        "--port",
        type=int,
        default=int(os.environ.get("MOBIUS_PORT", "8000")),
        help="where the server listens on 127.0.0.1 (8000)",
    )
    parser.add_argument(
        "--data-dir",
        type=lambda text: Path(text).absolute(),
        default=default_root(),
        help=f"where everything is kept ({default_root()})",
    )
    parser.add_argument(
        "--no-demo", action="store_true", help="no demo worker and no demo run"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="remove all data of the folder first"
    )
    parser.add_argument(
        "--worker-processes",
        type=int,
        default=2,
        metavar="N",
        help="processes of the Celery worker (2)",
    )
    return parser.parse_args(arguments)


def require_free_port(port: int) -> None:
    """Raise LocalError when somebody listens on ``port`` already."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise LocalError(
                f"Port {port} cannot be used ({error}).\n"
                "If another program has it, choose another one: --port 8001"
            ) from error


def bring_up(system: System, options: argparse.Namespace) -> None:
    """Start everything, run the demonstration, and say where things are."""
    system.start_servers()
    system.migrate()
    system.start_processes(worker_processes=options.worker_processes)
    access = system.bootstrap()
    system.wait_until_ready()
    variables = keep_key(system, access)
    if not options.no_demo:
        demonstrate(system, variables)
    say_where(system, variables, access)


def keep_key(system: System, access: Access) -> dict[str, str]:
    """Write the users' file with a key that works: a new one, or the kept one."""
    folder = system.folder
    keep_passwords(folder, access)
    key = access.api_key or read_user_file(folder.env_file).get("MOBIUS_API_KEY", "")
    if not key or not is_key_accepted(Client(system.base_url, key), access.project):
        key = system.bootstrap(new_key=True).api_key or ""
    variables = user_variables(
        base_url=system.base_url,
        api_key=key,
        project=access.project,
        reviewer_id=access.reviewer_id,
    )
    write_user_file(folder.env_file, variables)
    return variables


def keep_passwords(folder: DataFolder, access: Access) -> None:
    """Keep the passwords that are new: nobody can read them again elsewhere."""
    for name, password in (
        ("admin_password", access.admin_password),
        ("reviewer_password", access.reviewer_password),
    ):
        if password:
            folder.keep_secret(name, password)


def demonstrate(system: System, variables: dict[str, str]) -> None:
    """Run the demonstration; a failure is told but leaves the system up."""
    client = Client(system.base_url, variables["MOBIUS_API_KEY"])
    try:
        system.start_demo_worker(variables)
        run_demo(system.console, client, variables["PROJECT"])
    except (ApiError, OSError, http.client.HTTPException) as error:
        system.console.line(f"  The demonstration did not finish: {error}")
    finally:
        client.close()


def say_where(system: System, variables: dict[str, str], access: Access) -> None:
    """Print what one needs to use the system."""
    folder = system.folder
    system.console.line()
    kept = folder.read_secrets()
    admin = _login(access.admin_username, kept.get("admin_password"))
    reviewer = _login(access.reviewer_username, kept.get("reviewer_password"))
    for label, value in (
        ("Base URL", system.base_url),
        ("API key", variables["MOBIUS_API_KEY"]),
        ("Project", variables["PROJECT"]),
        ("Admin", f"{system.base_url}/admin/   {admin}"),
        ("Inbox", f"{system.base_url}/inbox/   {reviewer}"),
        ("Reference", f"{system.base_url}/reference/"),
        ("In a shell", f". {folder.env_file}"),
        ("Logs", f"{folder.logs}/"),
    ):
        system.console.line(f"  {label:<11}{value}")
    system.console.line("\nMobius is up. Ctrl-C stops everything.")


def _login(username: str, password: str | None) -> str:
    return f"{username} / {password}" if password else "your own login"


def stop_at_signals(system: System, console: Console) -> None:
    """The first Ctrl-C, SIGTERM or hang-up stops cleanly; the next one kills."""
    asked = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            console.line("Killed; the next start recovers by itself.")
            system.supervisor.kill()
            os._exit(KILLED_EXIT_CODE)
        asked.set()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
