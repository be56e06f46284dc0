"""``workers``: who claims jobs; ``worker``: be one."""

from typing import Final

import click

from mobius.cli.shell import Command, Group, Session, with_session
from mobius.cli.tables import columns

_COLUMNS: Final = columns(
    "name",
    "worker=worker_id",
    "stale:flag",
    "queues",
    "actions=capabilities",
    "jobs",
    "seen=last_seen_at:ago",
)


@click.group(cls=Group)
def workers() -> None:
    """Who claims jobs in the project."""


@workers.command("list", examples=("mobius workers list",))
@with_session
def list_workers(session: Session) -> None:
    """List workers, last seen first, with what they are doing."""
    page = session.client.request("GET", "workers")
    shown = [
        {**one, "jobs": [job["action"] for job in one["jobs"]]} for one in page["items"]
    ]
    session.out.table(shown, _COLUMNS, page=page, empty="no workers")


@click.command(cls=Command, examples=("mobius worker my_actions --queues mine",))
@click.argument("module")
@with_session
def worker(session: Session, module: str) -> None:
    """Run a module's functions as actions."""
