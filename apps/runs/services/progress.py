"""Move runs. The heart of the system: lock, decide, write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.engine import advance
from apps.engine.inputs import Input
from apps.kernel.errors import NotFound
from apps.runs import store
from apps.runs.effects import Effects
from apps.runs.selectors import require_run


@dataclass(frozen=True, slots=True)
class Received:
    """One input and the facts of its cause that belong on the timeline."""

    input: Input
    about: Mapping[str, Any] = field(default_factory=dict)


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
        spec = run.spec
        for item in received[run.id]:
            state, decisions = advance(spec, run.state, item.input)
            if state is not run.state or decisions:
                run.state = state
                run.changed = True
                effects.collect(run, decisions, item.about, now=now)
        if run.changed:
            moved.append(run)
    effects.write(now=now)
    store.save_runs(moved, now=now)
    return runs


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
