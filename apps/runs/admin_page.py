"""What the page of a run shows below its fields: everything that belongs to it."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest

from apps.interactions.models import Interaction
from apps.jobs.admin import JOB_COLOURS
from apps.jobs.models import Job
from apps.kernel import clock
from apps.kernel.admin import link, list_address, may
from apps.kernel.admin_lists import fetch_in_time
from apps.kernel.admin_sections import (
    Section,
    duration,
    instant,
    json_section,
    one_line,
    pill,
)
from apps.kernel.ids import CLOCKS_APART_MAX, IdKind, first_id
from apps.run_events.admin import RUN_COLOURS
from apps.run_events.models import RunEvent
from apps.runs.models import Run, RunSignal, Wait
from apps.runs.wait_admin import WAIT_COLOURS, standing_of
from apps.source_events.models import SourceEvent
from apps.workflows.models import Spec

JOBS_MAX: Final = 50
LINES_MAX: Final = 100
OTHERS_MAX: Final = 50

#: What apps above say of a run, in front of everything else; they put theirs in.
SAID_FIRST: Final[list[Callable[[HttpRequest, Run], Section]]] = []


def run_sections(request: HttpRequest, run: Run) -> list[Section]:
    """Return the blocks of a run's page. Tables this person may not read are left
    out, as are empty ones that most runs never fill."""
    tables = [
        ("jobs.view_job", _jobs),
        ("run_events.view_runevent", _timeline),
        ("runs.view_wait", _waits),
        ("interactions.view_interaction", _interactions),
        ("runs.view_runsignal", _signals),
        ("source_events.view_sourceevent", _source_events),
    ]
    found = [make(run) for permission, make in tables if may(request, permission)]
    return [
        *(say(request, run) for say in SAID_FIRST),
        *(section for section in found if section.rows or section.note),
        *([json_section("Result", run.result)] if run.has_result else []),
        json_section("Inputs", run.inputs),
        json_section("Metadata", run.metadata, closed=True),
        json_section("Spec", _spec(run), closed=True),
        json_section("Engine state", run.state, closed=True),
    ]


def _latest(rows: Any, limit: int) -> tuple[list[Any], str]:
    """Return the newest ``limit`` rows, oldest of them first, and what is missing."""
    found = rows[: limit + 1]
    if not fetch_in_time(found):
        return [], "it takes too long to find them"
    latest = list(found)
    note = f"the latest {limit} of more" if len(latest) > limit else ""
    return latest[:limit][::-1], note


def _jobs(run: Run) -> Section:
    rows, note = _latest(
        Job.objects.filter(run_id=run.id)
        .defer("parameters", "result")
        .order_by("-created_at", "-id"),
        JOBS_MAX,
    )
    return Section(
        "Jobs",
        headers=[
            "Step",
            "Status",
            "Action",
            "Attempt",
            "Worker",
            "Claimed",
            "Took",
            "Error",
        ],
        rows=[
            (
                link("jobs", "job", job.id, job.step_name),
                pill(job.status, JOB_COLOURS),
                job.action,
                f"{job.attempt} of {job.max_attempts}",
                job.worker_id,
                instant(job.claimed_at),
                duration(job.claimed_at, job.finished_at),
                _words(job.error_type, job.error_message),
            )
            for job in rows
        ],
        note=note,
        more=list_address("jobs", "job", q=run.id),
    )


def _timeline(run: Run) -> Section:
    rows, note = _latest(
        RunEvent.objects.filter(run_id=run.id).order_by("-seq"), LINES_MAX
    )
    return Section(
        "Timeline",
        headers=["Seq", "When", "Type", "Run is", "Payload"],
        rows=[
            (
                link("run_events", "runevent", str(line.pk), line.seq),
                instant(line.created_at),
                line.type,
                "" if line.from_worker else pill(line.status, RUN_COLOURS),
                one_line(line.payload),
            )
            for line in rows
        ],
        note=note,
        more=list_address("run_events", "runevent", q=run.id),
    )


def _waits(run: Run) -> Section:
    rows, note = _latest(
        Wait.objects.filter(run_id=run.id).order_by("-created_at", "-id"), OTHERS_MAX
    )
    return Section(
        "Waits",
        headers=["Step", "Kind", "For", "Until", "Outcome", "Opened", "Closed", "By"],
        rows=[
            (
                link("runs", "wait", wait.id, wait.step_name),
                wait.kind,
                wait.subject,
                instant(wait.due_at),
                pill(standing_of(wait), WAIT_COLOURS),
                instant(wait.created_at),
                instant(wait.closed_at),
                link("source_events", "sourceevent", wait.event_id),
            )
            for wait in rows
        ],
        note=note,
        more=list_address("runs", "wait", q=run.id),
    )


def _interactions(run: Run) -> Section:
    rows, note = _latest(
        Interaction.objects.filter(run_id=run.id).order_by("-created_at", "-id"),
        OTHERS_MAX,
    )
    now = clock.now()
    return Section(
        "Interactions",
        headers=["Message", "Status", "Type", "Asks", "Answered by", "Expires"],
        rows=[
            (
                link("interactions", "interaction", row.id, row.message[:80] or row.id),
                pill(row.status_at(now).value),
                row.type,
                link("identity", "principal", row.target_id),
                link("identity", "principal", row.responder_id),
                instant(row.expires_at),
            )
            for row in rows
        ],
        note=note,
        more=list_address("interactions", "interaction", q=run.id),
    )


def _signals(run: Run) -> Section:
    rows, note = _latest(
        RunSignal.objects.filter(run_id=run.id).order_by("-number"), OTHERS_MAX
    )
    return Section(
        "Signals",
        headers=["Name", "Sent", "Delivered", "Payload"],
        rows=[
            (
                link("runs", "runsignal", str(signal.pk), signal.name),
                instant(signal.created_at),
                instant(signal.delivered_at) or "not yet",
                one_line(signal.payload),
            )
            for signal in rows
        ],
        note=note,
        more=list_address("runs", "runsignal", q=run.id),
    )


def _source_events(run: Run) -> Section:
    """Dispatched events have no index by run: they are looked for among those made
    while the run lived."""
    until = (run.completed_at or clock.now()) + CLOCKS_APART_MAX
    made = SourceEvent.objects.filter(
        run_id=run.id,
        id__gte=first_id(IdKind.SOURCE_EVENT, run.created_at - CLOCKS_APART_MAX),
        id__lt=first_id(IdKind.SOURCE_EVENT, until),
    )
    rows, note = _latest(made.order_by("-id"), OTHERS_MAX)
    return Section(
        "Source events",
        headers=["Type", "Due", "Dispatched", "Failures", "Last error"],
        rows=[
            (
                link("source_events", "sourceevent", event.id, event.event_type),
                instant(event.due_at),
                instant(event.dispatched_at) or "not yet",
                event.failures or "",
                event.last_error[:200],
            )
            for event in rows
        ],
        note=note,
        more=list_address("source_events", "sourceevent", q=run.id),
    )


def _spec(run: Run) -> Any:
    pinned = Spec.objects.filter(digest=run.spec_digest).first()
    return None if pinned is None else pinned.body


def _words(*parts: str) -> str:
    return ": ".join(part[:200] for part in parts if part)
