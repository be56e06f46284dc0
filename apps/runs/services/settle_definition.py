"""Let runs that wait for their turn begin, or say that they will not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from apps.engine.inputs import CancelRequested
from apps.runs.limits import LOOP_POLICY
from apps.runs.models import Run
from apps.runs.services.progress import Received, progress_runs
from apps.runs.store import hold_runs
from apps.runs.turns import live_runs
from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact, append_source_events
from apps.workflows.models import Workflow
from apps.workflows.specs import parsed_spec

REPLACED: Final = "replaced by a newer run"
SKIPPED: Final = "another run of this definition is active"


def settle_definition(event: Mapping[str, Any], now: datetime) -> None:
    """Decide about the waiting runs of a definition, in the caller's transaction.

    The definition's row is locked first (lock order: definition, trigger, run, ...), so
    only one decides at a time. The policy is that of the newest run.
    """
    workflow_id = event["workflow_id"]
    Workflow.objects.select_for_update().filter(id=workflow_id).first()
    live = list(live_runs(workflow_id).only("id", "queue_reason", "spec_digest"))
    waiting = [run for run in live if run.queue_reason == LOOP_POLICY]
    if not waiting:
        return
    begun = [run for run in live if run.queue_reason != LOOP_POLICY]
    linear = parsed_spec(waiting[-1].spec_digest).linear
    policy = linear.concurrency if linear is not None else "allow"
    match policy:
        case "queue":
            _begin(waiting[:1] if not begun else [], now)
        case "replace":
            _cancel([*begun, *waiting[:-1]], REPLACED, now)
            _begin(waiting[-1:], now)
        case "skip":
            first = 0 if begun else 1
            _cancel(waiting[first:], SKIPPED, now)
            _begin(waiting[:first], now)
        case _:
            _begin(waiting, now)


def _begin(runs: Sequence[Run], now: datetime) -> None:
    """Let runs begin, but for those that were cancelled meanwhile."""
    ids = [run.id for run in runs]
    hold_runs(ids)
    free = Run.objects.filter(id__in=ids, completed_at=None)
    facts = [
        Fact(
            run.project_id,
            Internal.RUN_BEGIN,
            source_kind="run",
            source_id=run.id,
            run_id=run.id,
            event={"run_id": run.id, "credit_budget": run.credit_budget},
        )
        for run in free.only("id", "project_id", "credit_budget").order_by("id")
    ]
    free.update(queue_reason="")
    append_source_events(facts, now=now)


def _cancel(runs: Sequence[Run], reason: str, now: datetime) -> None:
    request = CancelRequested(now, reason, replaced=reason == REPLACED)
    progress_runs({run.id: [Received(request)] for run in runs}, now=now)
