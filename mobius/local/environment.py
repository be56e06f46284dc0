"""Variables: what the processes of a system need, and what its users need."""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from mobius.local.folders import DataFolder, default_root, write_private

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "mobius.settings.production"
PUBLISHED = (
    "MOBIUS_DATABASE_URL",
    "MOBIUS_REDIS_URL",
    "MOBIUS_SECRET_KEY",
    "MOBIUS_STATIC_ROOT",
    "MOBIUS_PUBLIC_URL",
)
USER_FILE_HEADER = "# Written by `manage.py up`. For a shell: . {path}\n"


def process_environment(
    *, database_url: str, redis_url: str, secret_key: str, static: Path, base_url: str
) -> dict[str, str]:
    """The variables of web, worker, beat and management commands.

    What the caller has set itself wins, except the addresses of the servers, which
    were decided before.
    """
    chosen = {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "MOBIUS_SECRET_KEY": secret_key,
        "MOBIUS_STATIC_ROOT": str(static),
        "MOBIUS_PUBLIC_URL": base_url,
        "PYTHONUNBUFFERED": "1",
    }
    servers = {"MOBIUS_DATABASE_URL": database_url, "MOBIUS_REDIS_URL": redis_url}
    return {**chosen, **os.environ, **servers}


def user_variables(
    *, base_url: str, api_key: str, project: str, reviewer_id: str
) -> dict[str, str]:
    """The variables of the guides, and those that newer clients read."""
    return {
        "MOBIUS_BASE_URL": base_url,
        "MOBIUS_API_KEY": api_key,
        "PROJECT": project,
        "MOBIUS_API_URL": base_url,
        "MOBIUS_PROJECT": project,
        "REVIEWER_ID": reviewer_id,
    }


def write_user_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write a file that a shell can source, for its owner only."""
    lines = [f"export {k}={shlex.quote(v)}\n" for k, v in variables.items()]
    header = USER_FILE_HEADER.format(path=shlex.quote(str(path)))
    write_private(path, header + "".join(lines))


def read_user_file(path: Path) -> dict[str, str]:
    """The variables in such a file; none when there is no file."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    words = shlex.split(text, comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


def publish_running_system(folder: DataFolder, environ: Mapping[str, str]) -> None:
    """Note how to reach the running system, for ``adopt_running_system``."""
    noted = {name: environ[name] for name in PUBLISHED}
    write_private(folder.running_file, json.dumps(noted, indent=2) + "\n")


def adopt_running_system() -> None:
    """Let a management command talk to the system that `up` runs, if there is one.

    Does nothing when MOBIUS_DATABASE_URL is set or no system of this user runs in
    the default data folder.
    """
    if "MOBIUS_DATABASE_URL" in os.environ:
        return
    folder = DataFolder(default_root())
    try:
        noted = json.loads(folder.running_file.read_text())
    except (OSError, ValueError):
        return
    if folder.is_in_use():
        for name, value in noted.items():
            os.environ.setdefault(name, value)
