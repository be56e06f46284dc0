"""``workers``: who claims jobs; ``worker``: be one."""

from typing import Final, Literal

import click

from mobius.cli.failures import UsageFailure
from mobius.cli.output import say
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


@click.command(
    cls=Command,
    examples=(
        "mobius worker my_actions",
        "mobius worker actions.py --queues mine,slow --concurrency 4",
        "mobius worker my_actions --transport socket --name build-1",
    ),
)
@click.argument("module")
@click.option(
    "--queues", default="default", show_default=True, help="names, with commas"
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="jobs at once",
)
@click.option("--name", help="shown in workers list")
@click.option(
    "--transport",
    type=click.Choice(["http", "socket"]),
    default="http",
    show_default=True,
    help="long polls, or one WebSocket",
)
@with_session
def worker(
    session: Session,
    module: str,
    queues: str,
    concurrency: int,
    name: str | None,
    transport: Literal["http", "socket"],
) -> None:
    """Run a module's functions as actions, until Ctrl-C.

    MODULE is a name or a file, looked for in the working directory first. Its
    functions marked with mobius.sdk.actions.action are served, without any all its
    public ones by their own names; they take the parameters, or these and a context,
    and return JSON. The first Ctrl-C lets the jobs in hand end.
    """
    from mobius.cli.serving import load_module, told
    from mobius.sdk.actions import actions_of
    from mobius.sdk.worker import Worker

    wanted = [one.strip() for one in queues.split(",") if one.strip()]
    if not wanted:
        raise UsageFailure("--queues: expected names, with commas")
    actions = actions_of(load_module(module))
    hand = Worker(
        session.client,
        wanted,
        name=name,
        concurrency=concurrency,
        actions=told(session, actions),
        transport=transport,
    )
    say(
        f"{hand.name} serves {', '.join(actions)} on {', '.join(wanted)}; "
        "Ctrl-C ends it."
    )
    hand.run()
    say(f"{hand.name} has ended.")
