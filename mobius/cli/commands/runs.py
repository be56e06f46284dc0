"""``runs``: start, watch, steer and explain them."""

from typing import Any

import click
from rich.markup import escape

from mobius.cli.failures import UsageFailure
from mobius.cli.inputs import PAIR, merged_inputs, read_object, read_pairs, read_value
from mobius.cli.lists import Paging, page_options, paged, query_of
from mobius.cli.shell import Group, Session, with_session
from mobius.cli.tables import columns, status_text
from mobius.cli.watching import show_run, watch_run

COLUMNS = columns(
    "id:id",
    "workflow=workflow_name|automation_name|loop_name",
    "status=status:status",
    "queue",
    "by=initiated_by|source.label|source.type",
    "external id=external_id",
    "created=created_at:ago",
    "ended=completed_at:ago",
    "error=error_message",
)
RUN = click.argument("run_id", metavar="RUN")


@click.group(cls=Group)
def runs() -> None:
    """Start runs, follow them, steer them."""


@runs.command(
    "start",
    examples=(
        "mobius runs start ingest-document --input doc_url=https://example.com/a.pdf",
        "mobius runs start ingest-document --inputs order.yaml --watch",
        "mobius runs start ingest-document --inputs - --external-id o-17 < order.json",
        "mobius runs start --spec release.yaml --queue mine",
    ),
)
@click.argument("workflow", metavar="[NAME]", required=False)
@click.option("--spec", metavar="FILE", help="run this spec, without storing it")
@click.option("--input", "pairs", multiple=True, metavar=PAIR, help="one input")
@click.option("--inputs", "file", metavar="FILE", help="an object, - is stdin")
@click.option("--queue", help="whose workers take its jobs")
@click.option("--metadata", multiple=True, metavar="K=V", help="shown with the run")
@click.option("--external-id", help="your own id for it")
@click.option("--idempotency-key", help="the same key starts one run only")
@click.option("--watch", is_flag=True, help="follow it; 1 if it does not complete")
@with_session
def start(
    session: Session,
    workflow: str | None,
    spec: str | None,
    pairs: tuple[str, ...],
    file: str | None,
    queue: str | None,
    metadata: tuple[str, ...],
    external_id: str | None,
    idempotency_key: str | None,
    watch: bool,
) -> None:
    """Start a run of a workflow, by handle or id, or of a spec in a file."""
    if (workflow is None) == (spec is None):
        raise UsageFailure("expected either the NAME of a workflow or --spec FILE")
    more = query_of(
        inputs=merged_inputs(pairs, file),
        queue=queue,
        metadata=read_pairs(metadata, "--metadata") if metadata else None,
        external_id=external_id,
        idempotency_key=idempotency_key,
    )
    if spec is not None:
        run = session.client.runs.start(spec=_bare_spec(spec), **more)
    else:
        run = session.client.runs.start(workflow, **more)
    finish_start(session, run, watch=watch)


def finish_start(session: Session, run: dict[str, Any], *, watch: bool) -> None:
    """Say that a run was started, and follow it if asked to."""
    if watch:
        watch_run(session, run["id"], after=None)
        return
    session.out.done(run, f"[bold]{run['id']}[/bold] {status_text(run['status'])}")


@runs.command("get", examples=("mobius runs get run_01…",))
@RUN
@with_session
def get(session: Session, run_id: str) -> None:
    """Show one run with its steps and its result."""
    show_run(session, session.client.runs.get(run_id))


@runs.command(
    "watch",
    examples=("mobius runs watch run_01…", "mobius runs watch run_01… --after 7"),
)
@RUN
@click.option("--after", type=click.IntRange(min=0), help="begin behind this line")
@with_session
def watch(session: Session, run_id: str, after: int | None) -> None:
    """Follow a run to its end: every line once, whatever the connection does.

    The exit code is 0 if it completes and 1 if it does not.
    """
    watch_run(session, run_id, after=after)


@runs.command(
    "list",
    examples=(
        "mobius runs list --status failed,suspended",
        "mobius runs list --workflow ingest-document --all",
        "mobius runs list --external-id o-17 -o json",
    ),
)
@click.option("--status", help="one or more, with commas")
@click.option("--kind", type=click.Choice(["workflow", "automation", "loop"]))
@click.option("--workflow", help="the workflow's name in its spec")
@click.option("--automation", help="an automation's handle or id")
@click.option("--loop", help="a loop's id or handle")
@click.option("--queue")
@click.option("--external-id")
@click.option("--parent", help="runs that this run started")
@page_options
@with_session
def list_runs(
    session: Session,
    status: str | None,
    kind: str | None,
    workflow: str | None,
    automation: str | None,
    loop: str | None,
    queue: str | None,
    external_id: str | None,
    parent: str | None,
    paging: Paging,
) -> None:
    """List runs, newest first."""
    query = query_of(
        status=status,
        kind=kind,
        workflow_type=workflow,
        automation_id=automation,
        loop_id=loop,
        queue=queue,
        external_id=external_id,
        parent_run_id=parent,
    )
    items, page = paged(session, "runs", query, paging)
    session.out.table(items, COLUMNS, page=page, empty="no runs")


@runs.command("cancel", examples=("mobius runs cancel run_01… --reason 'wrong file'",))
@RUN
@click.option("--reason", help="kept with the run")
@with_session
def cancel(session: Session, run_id: str, reason: str | None) -> None:
    """Cancel a run; one that has ended stays as it is."""
    session.client.runs.cancel(run_id, **query_of(reason=reason))
    _report(session, run_id)


@runs.command("retry", examples=("mobius runs retry run_01…",))
@RUN
@click.option("--watch", is_flag=True, help="follow it from here on")
@with_session
def retry(session: Session, run_id: str, watch: bool) -> None:
    """Let a failed run go on where it failed."""
    session.client.runs.retry(run_id)
    if watch:
        watch_run(session, run_id, after=None)
    else:
        _report(session, run_id)


@runs.command(
    "signal",
    examples=(
        "mobius runs signal run_01… paid --payload '{\"amount\": 12}'",
        "mobius runs signal run_01… paid --field amount:=12",
    ),
)
@RUN
@click.argument("name")
@click.option("--payload", metavar="JSON", help="any JSON, or text")
@click.option("--field", "pairs", multiple=True, metavar=PAIR, help="of an object")
@with_session
def signal(
    session: Session,
    run_id: str,
    name: str,
    payload: str | None,
    pairs: tuple[str, ...],
) -> None:
    """Send a signal to a run."""
    if payload is not None and pairs:
        raise UsageFailure("give either --payload or --field")
    value = read_pairs(pairs, "--field") if pairs else None
    value = read_value(payload) if payload is not None else value
    sent = session.client.runs.signal(run_id, name, value)
    session.out.done(sent, f"Signal [bold]{name}[/bold] is stored.")


@runs.command("diagnose", examples=("mobius runs diagnose run_01…",))
@RUN
@with_session
def diagnose(session: Session, run_id: str) -> None:
    """Say why a run stands where it stands."""
    found = session.client.runs.diagnosis(run_id)
    codes = ", ".join(reason["code"] for reason in found["reasons"])
    lines = [
        escape(found["summary"]),
        *([f"[yellow]{codes}[/yellow]"] if codes else []),
    ]
    if len(found["reasons"]) > 1:
        lines[1:] = [
            f"  [yellow]{reason['code']}[/yellow]: {escape(reason['message'])}"
            for reason in found["reasons"]
        ]
    session.out.document(found, lines)


def _report(session: Session, run_id: str) -> None:
    run = session.client.runs.get(run_id)
    session.out.done(run, f"[bold]{run_id}[/bold] {status_text(run['status'])}")


def _bare_spec(file: str) -> dict[str, Any]:
    """A spec from a file that holds it alone, or a workflow around it."""
    found = read_object(file)
    spec = found.get("spec", found)
    if not isinstance(spec, dict):
        raise UsageFailure(f"{file}: spec: expected an object")
    return spec
