"""``automations`` and ``loops``: what is published, and runs of it."""

from typing import Final

import click

from mobius.cli.commands.runs import finish_start
from mobius.cli.inputs import PAIR, merged_inputs, read_object, read_pairs
from mobius.cli.lists import Paging, page_options, paged, query_of
from mobius.cli.shell import Group, Session, with_session
from mobius.cli.tables import columns
from mobius.cli.watching import print_stream, timeline

_COLUMNS: Final = columns(
    "handle",
    "id:id",
    "name",
    "status=status:status",
    "version=published_version",
    "last run=last_run_at:ago",
    "changed=updated_at:ago",
)
_STATUS = click.option("--status", help="draft, active, paused, …")


@click.group(cls=Group)
def automations() -> None:
    """Automations: list them, start runs, follow their events."""


@automations.command("list", examples=("mobius automations list --status active",))
@_STATUS
@page_options
@with_session
def list_automations(session: Session, status: str | None, paging: Paging) -> None:
    """List automations, newest first."""
    _list(session, "automations", status, paging)


@automations.command("get", examples=("mobius automations get nightly-report",))
@click.argument("automation", metavar="HANDLE")
@with_session
def get_automation(session: Session, automation: str) -> None:
    """Show an automation, by handle or id."""
    session.out.document(session.client.automations.get(automation))


@automations.command(
    "start",
    examples=(
        "mobius automations start nightly-report --input day=2026-11-27 --watch",
        "mobius automations start nightly-report --inputs - < inputs.json",
    ),
)
@click.argument("automation", metavar="HANDLE")
@click.option("--input", "pairs", multiple=True, metavar=PAIR, help="one input")
@click.option("--inputs", "file", metavar="FILE", help="an object, - is stdin")
@click.option("--queue", help="whose workers take its jobs")
@click.option("--external-id", help="your own id for it")
@click.option("--idempotency-key", help="the same key starts one run only")
@click.option("--watch", is_flag=True, help="follow it; 1 if it does not complete")
@with_session
def start_automation(
    session: Session,
    automation: str,
    pairs: tuple[str, ...],
    file: str | None,
    queue: str | None,
    external_id: str | None,
    idempotency_key: str | None,
    watch: bool,
) -> None:
    """Start a run of an automation's published version."""
    more = query_of(
        inputs=merged_inputs(pairs, file),
        queue=queue,
        external_id=external_id,
        idempotency_key=idempotency_key,
    )
    run = session.client.automations.start(automation, **more)
    finish_start(session, run, watch=watch)


@automations.command(
    "stream-automation-run-events",
    examples=(
        "mobius automations stream-automation-run-events run_01…",
        "mobius automations stream-automation-run-events run_01… --after 12 -o json",
    ),
)
@click.argument("run_id", metavar="RUN")
@click.option("--after", type=click.IntRange(min=0), help="begin behind this line")
@with_session
def stream_run_events(session: Session, run_id: str, after: int | None) -> None:
    """Print a run's events to its end, each once and none left out.

    It replays from the beginning, or behind --after. A lost connection is made again
    from the last line that came.
    """
    print_stream(session, timeline(session, run_id, after=after))


@click.group(cls=Group)
def loops() -> None:
    """Loops: list them, start runs."""


@loops.command("list", examples=("mobius loops list --all",))
@_STATUS
@page_options
@with_session
def list_loops(session: Session, status: str | None, paging: Paging) -> None:
    """List loops, newest first."""
    _list(session, "loops", status, paging)


@loops.command("get", examples=("mobius loops get loop_01…",))
@click.argument("loop", metavar="LOOP")
@with_session
def get_loop(session: Session, loop: str) -> None:
    """Show a loop."""
    session.out.document(session.client.loops.get(loop))


@loops.command(
    "start",
    examples=(
        "mobius loops start loop_01… --event repository=acme/shop --watch",
        "mobius loops start loop_01… --config-file config.yaml",
    ),
)
@click.argument("loop", metavar="LOOP")
@click.option("--event", "event", multiple=True, metavar="K=V", help="of inputs.event")
@click.option("--meta", multiple=True, metavar="K=V", help="of inputs.meta")
@click.option("--config", multiple=True, metavar="K=V", help="of inputs.config")
@click.option("--config-file", metavar="FILE", help="inputs.config as an object")
@click.option("--queue", help="whose workers take its jobs")
@click.option("--idempotency-key", help="the same key starts one run only")
@click.option("--watch", is_flag=True, help="follow it; 1 if it does not complete")
@with_session
def start_loop(
    session: Session,
    loop: str,
    event: tuple[str, ...],
    meta: tuple[str, ...],
    config: tuple[str, ...],
    config_file: str | None,
    queue: str | None,
    idempotency_key: str | None,
    watch: bool,
) -> None:
    """Start a run of a loop."""
    whole = read_object(config_file) if config_file else {}
    more = query_of(
        event=read_pairs(event, "--event") or None,
        meta=read_pairs(meta, "--meta") or None,
        config={**whole, **read_pairs(config, "--config")} or None,
        queue=queue,
        idempotency_key=idempotency_key,
    )
    run = session.client.loops.start(loop, **more)
    finish_start(session, run, watch=watch)


def _list(
    session: Session,
    path: str,
    status: str | None,
    paging: Paging,
) -> None:
    items, page = paged(
        session,
        path,
        query_of(status=status),
        paging,
    )
    session.out.table(items, _COLUMNS, page=page, empty=f"no {path}")
