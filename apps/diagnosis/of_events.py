"""What was not dispatched yet, and whether somebody dispatches at all."""

from collections.abc import Iterator
from typing import Any

from apps.diagnosis.reasons import Code, Reason, ago, said
from apps.diagnosis.selectors import Facts
from apps.engine.state import PathPhase
from apps.runs.limits import LOOP_POLICY
from apps.runs.models import Run
from apps.runs.turns import live_runs
from apps.source_events.catalog import Internal
from apps.source_events.models import SourceEvent
from apps.triggers.models import FireStatus, TriggerFire
from apps.workflows.specs import parsed_spec

BEHIND_TOLD = 20


def event_reasons(facts: Facts) -> Iterator[Reason]:
    """Yield what holds up the events of a live run, causes first."""
    late = facts.late
    if late:
        yield from _silence(facts)
    for event in facts.events:
        if event.failures:
            yield _failing(event)
        elif event in late:
            yield _undispatched(facts, event)


def _silence(facts: Facts) -> Iterator[Reason]:
    if facts.pulses is None:
        message = "Redis does not answer, so Celery gets no word and nothing moves"
        yield Reason(Code.DISPATCHER_DOWN, message, details={"silent": "redis"})
        return
    for pulse in facts.pulses:
        if not pulse.is_alive:
            message = f"nobody dispatches in time: {pulse.words}"
            yield Reason(
                Code.DISPATCHER_DOWN, message, details={"silent": pulse.role.value}
            )


def _facts_of(event: SourceEvent) -> dict[str, Any]:
    return {"event_id": event.id, "event_type": event.event_type}


def _failing(event: SourceEvent) -> Reason:
    return Reason(
        Code.EVENT_FAILING,
        f"event {event.event_type} failed {event.failures} times and is tried again at"
        f" {said(event.due_at)}: {event.last_error[:300]}",
        since=event.created_at,
        until=event.due_at,
        details=_facts_of(event)
        | {"failures": event.failures, "last_error": event.last_error},
    )


def _undispatched(facts: Facts, event: SourceEvent) -> Reason:
    code, what = Code.EVENT_NOT_DISPATCHED, f"event {event.event_type}"
    match event.event_type:
        case Internal.RUN_BEGIN | Internal.DEFINITION_DUE if facts.state is None:
            code, what = Code.NOT_BEGUN, "the event that begins it"
        case Internal.CHILD_WANTED:
            code, what = Code.STARTING_CHILD, "the event that starts its child"
    lag = facts.lag.total_seconds()
    return Reason(
        code,
        f"{what} is due and not dispatched, {ago(event.due_at, facts.now)}; the outbox"
        f" is {lag:.1f} s behind",
        since=event.due_at,
        details=_facts_of(event) | {"outbox_lag_seconds": round(lag, 3)},
    )


def gate_reasons(facts: Facts) -> Iterator[Reason]:
    """Yield whose turn a run waits for."""
    run = facts.run
    if run.queue_reason != LOOP_POLICY:
        return
    others = live_runs(run.workflow_id).filter(id__lt=run.id)
    ahead = list(others.values_list("id", flat=True)[:BEHIND_TOLD])
    linear = parsed_spec(run.spec_digest).linear
    policy = linear.concurrency if linear is not None else "allow"
    if ahead:
        runs = f"run {ahead[-1]}" if len(ahead) == 1 else f"{len(ahead)} runs"
        message = f"its definition's concurrency is {policy}: it waits behind {runs}"
        details = {"policy": policy, "behind": ahead}
        yield Reason(Code.LOOP_POLICY, message, since=run.created_at, details=details)


def held_up(facts: Facts) -> Iterator[Reason]:
    """Yield what waits for this run: fires in the queue of its trigger."""
    run = facts.run
    if not run.trigger_queues:
        return
    fires = TriggerFire.objects.filter(
        trigger_id=run.trigger_id, status=FireStatus.QUEUED
    )
    count = fires.count()
    if count:
        message = f"{count} fires of its trigger {run.trigger_id} wait until it is over"
        details = {"trigger_id": run.trigger_id, "queued_fires": count}
        yield Reason(Code.HOLDS_UP_TRIGGER, message, details=details)


def deadline(run: Run) -> Iterator[Reason]:
    """Yield when the wall clock ends the run."""
    if run.deadline_at is not None:
        message = f"whatever it waits for, it ends at {said(run.deadline_at)}"
        yield Reason(Code.DEADLINE, message, until=run.deadline_at)


def joining(facts: Facts) -> Iterator[Reason]:
    """Yield the paths that stand before a join, and whom they wait for."""
    paths = facts.state.paths.values() if facts.state is not None else ()
    live = [path.name for path in paths if path.phase is PathPhase.LIVE]
    for path in paths:
        if path.phase is PathPhase.JOINING:
            message = f"path {path.name} stands before join {path.step}; under way"
            yield Reason(
                Code.WAITING_FOR_PATHS,
                f"{message}: {', '.join(live[:BEHIND_TOLD])}",
                path=path.name,
                step=path.step,
                details={"live_paths": live[:BEHIND_TOLD]},
            )
