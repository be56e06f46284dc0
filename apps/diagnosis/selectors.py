"""What a diagnosis looks at: read once, by indexes, and only what this run needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from apps.engine.codec import decode_state
from apps.engine.state import FINISHED, RunState
from apps.identity.models import Principal
from apps.interactions.models import Interaction, InteractionParticipant
from apps.interactions.models.interaction import OPEN
from apps.jobs.leases import Held, remaining
from apps.jobs.models import Job, JobStatus, Worker
from apps.kernel.errors import NotFound
from apps.realtime.pulses import Pulse, pulses
from apps.runs.models import Run, Wait
from apps.source_events.models import SourceEvent
from apps.source_events.selectors import oldest_due_age

EVENTS_MAX: Final = 50
TASKS_MAX: Final = 300
WORKERS_MAX: Final = 500
#: A worker that is silent for longer is history.
WORKERS_SINCE: Final = timedelta(days=7)


@dataclass(slots=True)
class Facts:
    """What is known of a run. ``leases`` say how long claims still live in Redis;
    ``lag`` is the age of the oldest due event of the whole outbox."""

    run: Run
    now: datetime
    state: RunState | None = None
    jobs: Sequence[Job] = ()
    waits: Sequence[Wait] = ()
    events: Sequence[SourceEvent] = ()
    leases: Mapping[str, timedelta] = field(default_factory=dict)
    workers: Sequence[Worker] = ()
    held: Mapping[str, int] = field(default_factory=dict)
    questions: Mapping[str, Interaction] = field(default_factory=dict)
    asked: Mapping[str, Sequence[InteractionParticipant]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    pulses: Sequence[Pulse] | None = ()
    lag: timedelta = timedelta(0)

    @property
    def is_over(self) -> bool:
        """Say whether the run has ended."""
        return self.run.status in FINISHED

    @property
    def late(self) -> list[SourceEvent]:
        """The events that are due and not dispatched."""
        return [event for event in self.events if event.due_at <= self.now]


def gather(project_id: str, run_id: str, *, now: datetime) -> Facts:
    """Return what is known of a run of the project.

    Raises:
        NotFound: there is none.
    """
    rows = Run.objects.filter(id=run_id, project_id=project_id)
    run = rows.defer("result", "metadata").first()
    if run is None:
        raise NotFound(f"run {run_id} not found")
    facts = Facts(run, now)
    if run.state is not None:
        facts.state = decode_state(run.state, run.inputs)
    facts.jobs = _jobs(facts)
    facts.leases = _leases(facts)
    if facts.is_over:
        return facts
    facts.waits = list(
        Wait.objects.filter(run_id=run.id, task_id__in=_tasks(facts), closed_at=None)
    )
    facts.events = _events(run)
    if facts.late:
        facts.pulses = pulses()
        facts.lag = oldest_due_age(now)
    if any(_is_ready(job, now) for job in facts.jobs):
        facts.workers, facts.held = _workers(run.project_id, now)
    _gather_questions(facts)
    return facts


def _tasks(facts: Facts) -> list[int]:
    return list(facts.state.tasks() if facts.state is not None else ())[:TASKS_MAX]


def _jobs(facts: Facts) -> list[Job]:
    """Return all attempts at the open tasks; of a run that is over, what is held."""
    rows = Job.objects.filter(run_id=facts.run.id).defer("parameters", "result")
    if facts.is_over:
        rows = rows.filter(status=JobStatus.CLAIMED)
    else:
        rows = rows.filter(task_id__in=_tasks(facts))
    return list(rows.order_by("task_id", "attempt"))


def _leases(facts: Facts) -> dict[str, timedelta]:
    claimed = [job for job in facts.jobs if job.status == JobStatus.CLAIMED]
    helds = [Held(job.id, job.worker_id, job.attempt) for job in claimed]
    return dict(zip((job.id for job in claimed), remaining(helds), strict=True))


def _events(run: Run) -> list[SourceEvent]:
    """Return what is to be dispatched for the run, and the errand of its definition."""
    rows = SourceEvent.objects.filter(dispatched_at=None, run_id=run.id)
    found = list(rows.defer("event", "meta").order_by("due_at", "id")[:EVENTS_MAX])
    if run.queue_reason:
        errands = SourceEvent.objects.filter(
            dispatched_at=None, run_id="", public=False, source_id=run.workflow_id
        )
        found += errands.defer("event", "meta").order_by("due_at", "id")[:EVENTS_MAX]
    return found


def _is_ready(job: Job, now: datetime) -> bool:
    return job.status == JobStatus.PENDING and job.available_at <= now


def _workers(project_id: str, now: datetime) -> tuple[list[Worker], dict[str, int]]:
    """Return the workers of the project, last seen first, and what they hold."""
    rows = Worker.objects.filter(
        project_id=project_id, last_seen_at__gte=now - WORKERS_SINCE
    )
    workers = list(rows.order_by("-last_seen_at")[:WORKERS_MAX])
    claimed = Job.objects.filter(
        project_id=project_id,
        status=JobStatus.CLAIMED,
        worker_id__in=[worker.worker_id for worker in workers],
    )
    counted = claimed.order_by().values_list("worker_id").annotate(Count("id"))
    return workers, dict(counted)


def _gather_questions(facts: Facts) -> None:
    """Find what people are asked, by steps that wait and by workers that hold jobs."""
    ids = [wait.subject for wait in facts.waits if wait.kind == "interaction"]
    held = [job.id for job in facts.jobs if job.status == JobStatus.CLAIMED]
    if not ids and not held:
        return
    rows = Interaction.objects.filter(run_id=facts.run.id, status__in=OPEN)
    rows = rows.filter(Q(id__in=ids) | Q(job_id__in=held))
    facts.questions = {question.id: question for question in rows}
    parts = InteractionParticipant.objects.filter(
        interaction_id__in=list(facts.questions), is_open=True
    )
    asked: dict[str, list[InteractionParticipant]] = {}
    for part in parts.order_by("id"):
        asked.setdefault(part.interaction_id, []).append(part)
    facts.asked = asked
    people = {part.principal_id for one in asked.values() for part in one}
    facts.names = dict(
        Principal.objects.filter(id__in=people).values_list("id", "name")
    )
