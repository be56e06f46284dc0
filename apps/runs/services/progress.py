"""Move runs. The heart of the system: lock, decide, write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.engine import advance
from apps.engine.advance import Transition
from apps.engine.inputs import Input, StateOutgrown
from apps.engine.spec import Spec
from apps.engine.state import FINISHED
from apps.kernel import tracing
from apps.kernel.errors import NotFound
from apps.runs import store
from apps.runs.effects import Effects
from apps.runs.selectors import require_run


@dataclass(frozen=True, slots=True)
class Received:
    """One input, the facts of its cause that belong on the timeline, and the cause's
    place in a trace."""

    input: Input
    about: Mapping[str, Any] = field(default_factory=dict)
    traceparent: str | None = None


def progress_runs(
    received: Mapping[str, Sequence[Received]], *, now: datetime
) -> list[store.LockedRun]:
    """Advance several runs by their inputs in the caller's transaction.

    All runs are locked first, in the order of their ids, so two batches that share
    runs queue up and never wait in a circle. Delivering an input twice is harmless.
    """
    assert transaction.get_connection().in_atomic_block
    runs = store.lock_runs(received)
    effects = Effects()
    moved = []
    for run in runs:
        spec, items = run.spec, received[run.id]
        with _span(run, items) as span:
            for item in items:
                state, decisions = _within_bounds(spec, run, item.input)
                if state is not run.state or decisions:
                    run.state = state
                    run.changed = True
                    effects.collect(run, decisions, item.about, now=now)
            if run.changed:
                moved.append(run)
                span.note({"mobius.status": run.state.status.value})
                span.end_after_commit()
            else:
                span.drop()
    effects.write(now=now)
    store.save_runs(moved, now=now)
    return runs


def _span(run: store.LockedRun, items: Sequence[Received]) -> tracing.Span:
    """Begin the span of a move; what the run has done from now on belongs to it. It is
    in the trace of the run's start, and linked with causes of other traces."""
    if not tracing.is_on():
        return tracing.NO_SPAN
    return tracing.begin(
        "progress run",
        parent=run.traceparent,
        causes=[item.traceparent or tracing.traceparent() for item in items],
        facts={
            "mobius.run_id": run.id,
            "mobius.project_id": run.project_id,
            "mobius.workflow": run.workflow_name,
            "mobius.inputs": len(items),
        },
    )


def _within_bounds(spec: Spec, run: store.LockedRun, received: Input) -> Transition:
    """Advance, unless the run would outgrow its room: then it ends where it stands.

    A run that is over, or ends, is let through, whatever its size.
    """
    moved = advance(spec, run.state, received)
    limit = settings.STATE_BYTES_MAX
    over = moved.state.status in FINISHED or run.state.status in FINISHED
    if not limit or over or moved.state is run.state:
        return moved
    used = len(run.written(moved.state))
    if used <= limit:
        return moved
    at, task_id = received.at, getattr(received, "task_id", 0)
    outgrown = StateOutgrown(at, used=used, limit=limit, task_id=task_id)
    if run.state.paths:
        return advance(spec, run.state, outgrown)
    # A run that has not begun could not be retried: it begins, and ends.
    ended = advance(spec, moved.state, outgrown)
    return Transition(ended.state, (*moved.decisions, *ended.decisions))


@transaction.atomic
def progress_run(
    project_id: str, run_id: str, received: Input, *, now: datetime
) -> store.LockedRun:
    """Advance one run of a project by one input, as one transaction.

    Raises:
        NotFound: there is no such run in the project.
    """
    require_run(project_id, run_id)
    moved = progress_runs({run_id: [Received(received)]}, now=now)
    if not moved:
        raise NotFound(f"run {run_id} not found")
    return moved[0]
