"""Decisions to rows: collected over a batch of runs, then written kind by kind.

Writing by kind keeps a batch at a handful of statements however many runs it moves,
and keeps the lock order: jobs, then interactions, then streams.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from apps.actions.services.note_calls import NewCall, note_calls
from apps.engine.decisions import (
    CancelOpenWork,
    CloseWait,
    Decision,
    EnqueueJob,
    FinishRun,
    OpenWait,
    RecordRunEvent,
    RequestInteraction,
    SetDeadline,
    StartChild,
    SubscribeEvent,
)
from apps.engine.state import RunStatus
from apps.interactions.services.cancel import cancel_interactions
from apps.interactions.services.expire import expire_interactions
from apps.interactions.services.request import NewInteraction, request_interactions
from apps.jobs.models import Origin
from apps.jobs.queues import SERVER_QUEUE
from apps.jobs.services.enqueue import NewJob, cancel_jobs, enqueue_jobs
from apps.kernel import tracing
from apps.realtime.counting import count_after_commit
from apps.run_events.services.append import Entry, append_run_events
from apps.runs import waits
from apps.runs.store import LockedRun
from apps.runs.telling import REQUESTED, Known, told
from apps.runs.turns import takes_turns
from apps.source_events.catalog import Internal, Public
from apps.source_events.services.append import Fact, append_source_events
from apps.workflows.models import Dialect

_TERMINAL_FACTS: Mapping[RunStatus, Public] = {
    RunStatus.COMPLETED: Public.RUN_COMPLETED,
    RunStatus.FAILED: Public.RUN_FAILED,
    RunStatus.CANCELLED: Public.RUN_CANCELLED,
}

_ORIGINS: Mapping[str, Origin] = {
    Dialect.AUTOMATION: Origin.AUTOMATION_STEP,
    Dialect.LOOP: Origin.LOOP_STEP,
}


@dataclass(slots=True)
class Effects:
    """What a batch of moves wants written."""

    jobs: list[NewJob] = field(default_factory=list)
    calls: list[NewCall] = field(default_factory=list)
    cancelled_runs: list[str] = field(default_factory=list)
    ended_runs: list[str] = field(default_factory=list)
    opened: list[waits.NewWait] = field(default_factory=list)
    closed: list[waits.Closed] = field(default_factory=list)
    interactions: list[NewInteraction] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def collect(
        self,
        run: LockedRun,
        decisions: tuple[Decision, ...],
        about: Mapping[str, Any],
        *,
        now: datetime,
    ) -> None:
        """Take in what the engine decided for one input of one run.

        ``about`` holds facts of the cause that belong on the timeline: the job's
        id, when it was claimed.
        """
        job_ids: dict[int, str] = {}
        asked: dict[str, str] = {}
        for decision in decisions:
            match decision:
                case EnqueueJob():
                    job = _job(run, decision)
                    self.jobs.append(job)
                    if decision.server:
                        self.calls.append(_call(run, job))
                    job_ids[decision.task_id] = job.id
                case OpenWait():
                    self._open(run, decision)
                case CloseWait():
                    self.closed.append(_closed(run, decision))
                case RequestInteraction():
                    asked[decision.step] = self._ask(run, decision)
                case SubscribeEvent():
                    self._listen(run, decision)
                case StartChild():
                    self._start_child(run, decision)
                case SetDeadline(at=at):
                    self._append(run, Internal.RUN_DEADLINE, {}, at)
                case CancelOpenWork():
                    self.cancelled_runs.append(run.id)
                case RecordRunEvent(type=type_, payload=payload):
                    known = Known(run, about, job_ids, asked, self.opened, now)
                    self._record(run, type_, {**payload, **known.of(type_, payload)})
                case FinishRun():
                    self._finish(run, decision, now)
                case _ as unreachable:
                    assert_never(unreachable)

    def _open(self, run: LockedRun, wait: OpenWait) -> None:
        self.opened.append(waits.NewWait.of(run.id, run.project_id, wait))
        if wait.due_at is not None:
            self._append(run, Internal.WAIT_DUE, {"task_id": wait.task_id}, wait.due_at)

    def _listen(self, run: LockedRun, wanted: SubscribeEvent) -> None:
        """Note what the wait just opened listens for, and to look, once that is
        committed, for what was appended before anybody could see that it listens."""
        self.opened[-1] = self.opened[-1].listening(wanted)
        self._append(run, Internal.WAIT_DUE, {"task_id": wanted.task_id, "look": 1})

    def _start_child(self, run: LockedRun, wanted: StartChild) -> None:
        event = {name: getattr(wanted, name) for name in StartChild.__slots__}
        self._append(run, Internal.CHILD_WANTED, {**event, "run_id": run.id})

    def _append(
        self,
        run: LockedRun,
        kind: Internal,
        event: dict[str, Any],
        due_at: datetime | None = None,
    ) -> None:
        self.facts.append(
            Fact(
                run.project_id,
                kind,
                source_kind="timer",
                source_id=run.id,
                run_id=run.id,
                event=event,
                due_at=due_at,
            )
        )

    def _ask(self, run: LockedRun, request: RequestInteraction) -> str:
        """Note a question and its line, and return its id. What the line says is known
        once people are found; the wait for the answer was opened just before."""
        question = _interaction(run, request)
        self.interactions.append(question)
        self.opened[-1] = replace(self.opened[-1], subject=question.id)
        self._record(run, REQUESTED, {"interaction_id": question.id})
        return question.id

    def _record(self, run: LockedRun, type_: str, payload: Mapping[str, Any]) -> None:
        self.entries.append(
            Entry(
                run_id=run.id,
                project_id=run.project_id,
                type=type_,
                payload=payload,
                status=run.state.status,
            )
        )

    def _finish(self, run: LockedRun, finish: FinishRun, now: datetime) -> None:
        run.result = finish.result
        run.error_type = finish.error_type
        run.error_message = finish.error_message
        run.stop_reason = finish.stop_reason
        kind = _TERMINAL_FACTS[finish.status]
        self.ended_runs.append(run.id)
        how = {"status": finish.status.value, "stop_reason": finish.stop_reason}
        count_after_commit("mobius_runs_ended_total", **how)
        tracing.record(
            "run",
            parent=run.traceparent,
            began=run.created_at,
            ended=now,
            causes=[tracing.traceparent()],
            error_type=finish.error_type,
            facts={"mobius.run_id": run.id, "mobius.status": finish.status.value},
        )
        self.facts.append(
            Fact(
                run.project_id,
                kind,
                source_kind="loop_run",
                source_id=run.id,
                event={
                    "run_id": run.id,
                    "workflow_id": run.workflow_id,
                    "workflow_name": run.workflow_name,
                    "status": finish.status,
                    "error": finish.error_message,
                    "stop_reason": finish.stop_reason,
                },
                meta={"run_id": run.id, "loop_id": run.workflow_id},
                settled=None,
                depth=run.depth + 1,
            )
        )
        if takes_turns(run.workflow_id, run.spec):
            self.facts.append(
                Fact(
                    run.project_id,
                    Internal.DEFINITION_DUE,
                    source_kind="definition",
                    source_id=run.workflow_id,
                    event={"workflow_id": run.workflow_id},
                )
            )
        if run.trigger_queues:
            self.facts.append(
                Fact(
                    run.project_id,
                    Internal.TRIGGER_DUE,
                    source_kind="trigger",
                    source_id=run.trigger_id,
                    event={"trigger_id": run.trigger_id},
                )
            )

    def write(self, *, now: datetime) -> None:
        """Write everything, in the order of locks."""
        enqueue_jobs(self.jobs, now=now)
        note_calls(self.calls, now=now)
        cancel_jobs(self.cancelled_runs, now=now)
        asked = request_interactions(self.interactions, now=now)
        expire_interactions(self._closed_as("timed_out"), now=now)
        # A signal may have answered for the people: then nobody is asked any longer.
        over = list({*self.cancelled_runs, *self.ended_runs})
        cancel_interactions(over, tasks=self._closed_as("resumed"), now=now)
        # One that opens and ends in the same batch must not stay open.
        waits.open_waits(self.opened, now=now)
        closed = waits.close_waits(self.closed, self.cancelled_runs, now=now)
        append_run_events([told(e, asked, closed) for e in self.entries], now=now)
        append_source_events(self.facts, now=now)

    def _closed_as(self, outcome: str) -> list[tuple[str, int]]:
        return [(c.run_id, c.task_id) for c in self.closed if c.outcome == outcome]


def _closed(run: LockedRun, close: CloseWait) -> waits.Closed:
    return waits.Closed(run.id, close.task_id, close.outcome, close.event_id)


def _job(run: LockedRun, enqueue: EnqueueJob) -> NewJob:
    timeout: timedelta | None = enqueue.timeout
    return NewJob(
        project_id=run.project_id,
        run_id=run.id,
        task_id=enqueue.task_id,
        workflow_name=run.workflow_name,
        step_name=enqueue.step,
        path=enqueue.path,
        action=enqueue.action,
        queue=SERVER_QUEUE if enqueue.server else run.queue,
        parameters=enqueue.parameters,
        attempt=enqueue.attempt,
        max_attempts=enqueue.max_attempts,
        available_at=enqueue.not_before,
        timeout_seconds=timeout.total_seconds() if timeout else None,
        origin=_ORIGINS.get(run.dialect, Origin.SERVER),
    )


def _call(run: LockedRun, job: NewJob) -> NewCall:
    return NewCall(
        project_id=job.project_id,
        action=job.action,
        actor_id=run.actor_id,
        run_id=job.run_id,
        task_id=job.task_id,
        step_name=job.step_name,
        definition_id=run.workflow_id,
        job_id=job.id,
        parameters=job.parameters,
        attempt=job.attempt,
    )


def _interaction(run: LockedRun, request: RequestInteraction) -> NewInteraction:
    return NewInteraction(
        project_id=run.project_id,
        run_id=run.id,
        task_id=request.task_id,
        step_name=request.step,
        config=request.config,
        expires_at=request.due_at,
        initiator_id=run.actor_id,
        newer_words=request.newer_words,
    )
