"""After a load or a fault: do the rows keep what the system promises?

For every run of a project, read in pages of runs, so memory does not grow with them:
each task has at most one accepted completion; its attempts are 1, 2, 3 ... and at
most one is in hands; the timeline is numbered 1, 2, 3 ... to the head of its stream;
each finished attempt of the run has exactly one final line, and the run's last line
is one; a run that is not finished has something that will move it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from apps.engine.state import FINISHED, RunStatus
from apps.jobs.models import Job, JobStatus
from apps.run_events.frames import TERMINAL
from apps.run_events.models import RunEvent, RunStream
from apps.runs.models import Run, Wait
from apps.source_events.models import SourceEvent

PAGE_RUNS: Final = 500
_COMPLETED_LINE: Final = "action.completed"
_OVER: Final = frozenset(
    {JobStatus.FAILED, JobStatus.LOST, JobStatus.CANCELLED, JobStatus.COMPLETED}
)


@dataclass(slots=True)
class Findings:
    """How much was read, and every broken promise in words."""

    runs: int = 0
    jobs: int = 0
    lines: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _History:
    """All rows of one run."""

    run: Run
    jobs: list[Job] = field(default_factory=list)
    lines: list[RunEvent] = field(default_factory=list)
    last_seq: int | None = None
    open_waits: int = 0
    due_events: int = 0


def violations_of(project_id: str) -> list[str]:
    """Return every broken promise in a project; none is the empty list."""
    return check_history(project_id).violations


def check_history(project_id: str) -> Findings:
    """Read every run of a project with all that belongs to it.

    The system should be at rest: a run in the middle of a move is not consistent
    across several reads.
    """
    findings = Findings()
    for page in _pages(project_id):
        for history in _read(page):
            findings.runs += 1
            findings.jobs += len(history.jobs)
            findings.lines += len(history.lines)
            findings.violations += [
                f"{history.run.id}: {words}" for words in _flaws(history)
            ]
    return findings


def _pages(project_id: str) -> Iterator[list[Run]]:
    after = ""
    while True:
        rows = Run.objects.filter(project_id=project_id, id__gt=after)
        page = list(rows.only("id", "status", "attempt").order_by("id")[:PAGE_RUNS])
        if not page:
            return
        yield page
        after = page[-1].id


def _read(page: Sequence[Run]) -> Iterable[_History]:
    histories = {run.id: _History(run) for run in page}
    ids = list(histories)
    jobs = Job.objects.filter(run_id__in=ids).defer("parameters", "result")
    for job in jobs.order_by("run_id", "task_id", "attempt"):
        histories[job.run_id].jobs.append(job)
    for line in RunEvent.objects.filter(run_id__in=ids).order_by("run_id", "seq"):
        histories[line.run_id].lines.append(line)
    for stream in RunStream.objects.filter(run_id__in=ids):
        histories[stream.run_id].last_seq = stream.last_seq
    for wait in Wait.objects.filter(run_id__in=ids, closed_at=None).only("run_id"):
        histories[wait.run_id].open_waits += 1
    events = SourceEvent.objects.filter(run_id__in=ids, dispatched_at=None)
    for event in events.only("run_id"):
        histories[event.run_id].due_events += 1
    return histories.values()


def _flaws(history: _History) -> Iterator[str]:
    yield from _job_flaws(history.jobs)
    yield from _completion_flaws(history)
    yield from _number_flaws(history)
    yield from _end_flaws(history)
    yield from _rest_flaws(history)


def _job_flaws(jobs: Sequence[Job]) -> Iterator[str]:
    tasks: dict[int, list[Job]] = defaultdict(list)
    for job in jobs:
        tasks[job.task_id].append(job)
    for task_id, attempts in tasks.items():
        numbers = [job.attempt for job in attempts]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"task {task_id} has the attempts {numbers}"
        statuses = Counter(job.status for job in attempts)
        if statuses[JobStatus.CLAIMED] > 1:
            yield f"task {task_id} is in {statuses[JobStatus.CLAIMED]} workers' hands"
        if statuses[JobStatus.COMPLETED] > 1:
            yield f"task {task_id} has {statuses[JobStatus.COMPLETED]} completed jobs"
        going_on = [job.attempt for job in attempts[:-1] if job.status not in _OVER]
        if going_on:
            yield f"task {task_id} was tried again before {going_on[0]} was over"


def _completion_flaws(history: _History) -> Iterator[str]:
    """A completion on the timeline and a completed job are the same fact."""
    told: Counter[tuple[int, int]] = Counter()
    for line in history.lines:
        if line.type == _COMPLETED_LINE and not line.from_worker:
            told[line.payload["task_id"], line.payload["attempt"]] += 1
    per_task = Counter(task_id for task_id, _ in told.elements())
    for task_id, count in per_task.items():
        if count > 1:
            yield f"task {task_id} was completed {count} times on the timeline"
    done = {
        (job.task_id, job.attempt)
        for job in history.jobs
        if job.status == JobStatus.COMPLETED
    }
    for task_id, attempt in sorted(told.keys() - done):
        yield f"task {task_id} attempt {attempt} is told completed, its job is not"
    if history.run.status == RunStatus.COMPLETED and not history.due_events:
        for task_id, attempt in sorted(done - told.keys()):
            yield f"task {task_id} attempt {attempt} completed and the run never knew"


def _number_flaws(history: _History) -> Iterator[str]:
    numbers = [line.seq for line in history.lines]
    if numbers != list(range(1, len(numbers) + 1)):
        broken = next(i for i, seq in enumerate(numbers, 1) if seq != i)
        yield f"line {broken} of the timeline has the number {numbers[broken - 1]}"
    if (history.last_seq or 0) != (numbers[-1] if numbers else 0):
        yield f"the stream's head says {history.last_seq}, the last line {numbers[-1:]}"


def _end_flaws(history: _History) -> Iterator[str]:
    """Workers' own lines are left out: they say nothing about the run's status."""
    run = history.run
    lines = [line for line in history.lines if not line.from_worker]
    ends = [line.type for line in lines if line.type in TERMINAL]
    finished = run.status in FINISHED
    expected = run.attempt if finished else run.attempt - 1
    if len(ends) != expected:
        yield f"{run.status} in attempt {run.attempt} with the final lines {ends}"
    if finished and lines and lines[-1].type != f"run.{run.status}":
        yield f"{run.status}, but its last line is {lines[-1].type}"


def _rest_flaws(history: _History) -> Iterator[str]:
    """A run that is not finished must have a job, a wait or an event to go on with."""
    run = history.run
    held = Counter(job.status for job in history.jobs)
    if run.status in FINISHED:
        if held[JobStatus.PENDING]:
            yield f"{run.status} with {held[JobStatus.PENDING]} jobs still to claim"
        if history.open_waits:
            yield f"{run.status} with {history.open_waits} open waits"
    elif not history.due_events:
        moving = {
            RunStatus.QUEUED: held[JobStatus.PENDING],
            RunStatus.RUNNING: held[JobStatus.CLAIMED],
            RunStatus.SUSPENDED: history.open_waits,
        }[RunStatus(run.status)]
        if not moving:
            yield f"{run.status} with nothing that will move it"
