"""Runs as people follow them: their lines, where they stand, what came of them."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click
from rich.markup import escape

from mobius.cli.failures import FAILED
from mobius.cli.output import note, say
from mobius.cli.progress import Spinner
from mobius.cli.shell import Session
from mobius.cli.tables import columns, short, status_text

if TYPE_CHECKING:
    from mobius.sdk import StreamEvent

#: Lines that say nothing to people beside the others.
_SUMMARY: Final = "run_updated"
_OURS: Final = ("run.", "step.", "action.", "wait.", "interaction.", "usage.")
_STYLES: Final = (("failed", "red"), ("cancelled", "yellow"), ("completed", "green"))
_TOLD: Final = (
    *("step", "action", "wait_kind", "subject", "worker_id", "message", "reason"),
    *("error", "result", "output", "duration_ms"),
)
_LABELS: Final = {"worker_id": "by ", "duration_ms": "in ", "error": "", "result": ""}
_JOBS: Final = columns(
    "step=step_name",
    "action",
    "attempt",
    "status=status:status",
    "by=claimed_by",
    "since=updated_at:ago",
    "error=last_error",
)


def watch_run(session: Session, run_id: str, *, after: int | None) -> None:
    """Print a run's lines to its end and then its result; end with 1 unless it
    completed. As JSON the last line is ``{"type": "result", "run_id", "data"}``."""
    place = after or 0
    try:
        with Spinner(f"{run_id}: waiting for its first line") as spinner:
            began: datetime | None = None
            for event in timeline(session, run_id, after=after):
                place = max(place, event.seq)
                began = began or _instant(event.timestamp)
                if event.type != _SUMMARY:
                    with spinner.paused():
                        session.out.line(as_json(event), event_line(event, began))
                standing = _standing(event)
                if standing is not None:
                    spinner.say(f"{run_id} · {standing}")
        run = session.client.runs.get(run_id)
    except KeyboardInterrupt:
        say(
            f"The run goes on. To go on from here: "
            f"mobius runs watch {run_id} --after {place}"
        )
        raise click.exceptions.Exit(130) from None
    session.out.line(
        {"type": "result", "run_id": run_id, "data": run},
        f"{status_text(run['status'])}: {escape(outcome(run))}",
    )
    if run["status"] != "completed":
        raise click.exceptions.Exit(FAILED)


def timeline(
    session: Session, run_id: str, *, after: int | None
) -> "Iterator[StreamEvent]":
    """A run's lines from its first, or from behind ``after``, to its end; each once,
    none left out, whatever the connection does."""
    return session.client.runs.watch(run_id, after=after or 0)


def print_stream(session: Session, events: "Iterator[StreamEvent]") -> None:
    """Print lines as they come, each as one line."""
    for event in events:
        if event.type != _SUMMARY:
            session.out.line(as_json(event), event_line(event, None))


def as_json(event: "StreamEvent") -> dict[str, Any]:
    """A line in the same words for every kind of run."""
    told = {"type": event.type, "run_id": event.run_id, "seq": event.seq}
    return {**told, "timestamp": event.timestamp, "data": dict(event.data)}


def event_line(event: "StreamEvent", began: datetime | None) -> str:
    """One line of a timeline as markup: number, time, type, what to know of it."""
    at = _instant(event.timestamp)
    if began is not None and at is not None:
        when = f"{(at - began).total_seconds():8.2f} s"
    else:
        when = f"{at:%H:%M:%S}" if at else ""
    style = next((s for word, s in _STYLES if event.type.endswith(word)), "")
    kind = f"{escape(event.type):<22}"
    kind = f"[{style}]{kind}[/{style}]" if style else kind
    is_ours = event.type.startswith(_OURS)
    line = f"[dim]{event.seq:>4} {when}[/dim]  {kind}"
    return f"{line} {escape(_detail(event.data, is_ours=is_ours))}".rstrip()


def show_run(session: Session, run: Mapping[str, Any]) -> None:
    """Print a run: its fields, its attempts, what it waits for, its result."""
    if session.out.is_json:
        session.out.document(dict(run))
        return
    hidden = ("spec", "jobs", "job_counts", "wait_summary", "result", "result_b64")
    session.out.fields({n: v for n, v in run.items() if n not in hidden})
    if run.get("jobs"):
        session.out.console.print()
        session.out.table(run["jobs"], _JOBS)
    waits = run.get("wait_summary") or {}
    for one in waits.get("interaction_ids", ()):
        note(f"waits for an answer: mobius interactions respond {one}")
    for one in waits.get("waiting_on_signal_names", ()):
        note(f"waits for a signal: mobius runs signal {run['id']} {one}")
    if run["status"] in ("completed", "failed"):
        session.out.console.print()
        result_style = {"completed": "green", "failed": "red"}[run["status"]]
        session.out.console.print(outcome(run), style=result_style, soft_wrap=True)


def outcome(run: Mapping[str, Any]) -> str:
    """What came of a run in one line: its result, or its error."""
    if run.get("error_message"):
        kind = run.get("error_type")
        return f"{kind}: {run['error_message']}" if kind else str(run["error_message"])
    if "result" in run:
        return json.dumps(run["result"], ensure_ascii=False)
    if run.get("result_b64"):
        return base64.b64decode(run["result_b64"]).decode()
    return "no result"


def _standing(event: "StreamEvent") -> str | None:
    """What the run does after a line, for the spinner; None where that is as before."""
    data = event.data
    doing = {
        "action.called": f"{data.get('action')}: waiting for a worker",
        "action.claimed": f"{data.get('action')}: with {data.get('worker_id')}",
        "interaction.requested": "waiting for a person, see mobius interactions list",
        "run.queued": "queued",
    }.get(event.type)
    if event.type == "wait.opened" and data.get("wait_kind") != "interaction":
        doing = f"waiting for {data.get('subject') or data.get('wait_kind')}"
    step = data.get("step") or data.get("step_name")
    return f"{step} · {doing}" if doing and step else doing


def _detail(data: Mapping[str, Any], *, is_ours: bool) -> str:
    told = []
    for name in _TOLD:
        value = data.get(name)
        if value in (None, "", {}, []):
            continue
        unit = " ms" if name == "duration_ms" else ""
        told.append(f"{_LABELS.get(name, '')}{short(value)}{unit}")
    if told or is_ours:
        return ", ".join(told)
    return ", ".join(f"{name} {short(value)}" for name, value in data.items())


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
