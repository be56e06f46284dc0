"""What becomes of one fire: its runs, or why there are none.

Everything here happens in the caller's transaction. Whoever counts runs holds the
trigger's row: it is the first lock a transaction takes (lock order: trigger, run, job,
interaction, stream), so nobody starts another run of the trigger meanwhile, and runs
that a fire replaces are locked after it, in the order of their ids.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import DataError, transaction

from apps.engine.expressions import ExpressionError
from apps.engine.inputs import CancelRequested
from apps.kernel.errors import Invalid, MobiusError
from apps.runs.limits import DEPTH_MAX, Busy
from apps.runs.services.progress import Received, progress_runs
from apps.runs.services.start import NewRun, start_run
from apps.triggers.authored import condition_holds, mapped_inputs
from apps.triggers.models import (
    ConcurrencyPolicy,
    FireStatus,
    Trigger,
    TriggerFire,
    TriggerKind,
)
from apps.triggers.occasions import Occasion, has_own_inputs
from apps.triggers.selectors import live_count, oldest_live

ERROR_CHARS_MAX: Final = 2000
REPLACED: Final = "replaced by a newer fire of its trigger"


class _Stay(Exception):
    """Raised inside the savepoint of a fire that starts nothing."""

    def __init__(self, status: FireStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def is_counted(trigger: Trigger) -> bool:
    """Say whether fires of the trigger need its lock."""
    return trigger.concurrency_policy != ConcurrencyPolicy.ALLOW


def silence(trigger: Trigger) -> str:
    """Return why a trigger may start nothing now; "" when it may."""
    if trigger.project.archived_at is not None:
        return "the project is archived"
    return "" if trigger.enabled else "the trigger is disabled"


def carry_out(
    trigger: Trigger, fire: TriggerFire, occasion: Occasion, *, now: datetime
) -> None:
    """Start the runs of a fire, or note in it why there are none.

    All runs or none: what fails takes the others of its fire along. ``fire`` is left
    to the caller to save.
    """
    try:
        with transaction.atomic():
            fire.run_ids = _start_all(trigger, occasion, now)
        _note(fire, FireStatus.SUCCESS, "", now)
    except _Stay as stay:
        _note(fire, stay.status, stay.why, now)
    except Busy as busy:
        _note(fire, FireStatus.SKIPPED, busy.message, now)
    except MobiusError as error:
        _note(fire, FireStatus.FAILED, error.message, now)
    except (ExpressionError, DataError) as error:
        _note(fire, FireStatus.FAILED, str(error), now)


def fail(fire: TriggerFire, error: str, now: datetime) -> None:
    """Note in a fire that nothing can come of it."""
    _note(fire, FireStatus.FAILED, error, now)


def skip(fire: TriggerFire, why: str, now: datetime) -> None:
    """Note in a fire why nothing is made of it."""
    _note(fire, FireStatus.SKIPPED, why, now)


def new_fire(trigger: Trigger, occasion: Occasion, now: datetime) -> TriggerFire:
    """Return a fire that waits; not saved."""
    return TriggerFire(
        trigger_id=trigger.id,
        project_id=trigger.project_id,
        dedup_key=occasion.dedup_key,
        status=FireStatus.QUEUED,
        source_event_id=occasion.source_event_id,
        context=occasion.context(),
        scheduled_at=occasion.scheduled_at,
        fired_at=now,
    )


def occasion_of(fire: TriggerFire) -> Occasion:
    """Return what a queued fire waits with."""
    context: dict[str, Any] = fire.context or {}
    return Occasion(
        dedup_key=fire.dedup_key,
        source_event_id=fire.source_event_id,
        scheduled_at=fire.scheduled_at,
        **context,
    )


def _start_all(trigger: Trigger, occasion: Occasion, now: datetime) -> list[str]:
    if occasion.depth >= DEPTH_MAX:
        raise Invalid(
            f"depth limit: {occasion.depth} runs led to this one; "
            "triggers that set each other off are stopped here"
        )
    roots = occasion.roots()
    # Webhooks and schedules speak to one trigger; events were asked before.
    condition = trigger.filter_config.get("condition", "")
    is_asked = trigger.kind in (TriggerKind.SCHEDULE, TriggerKind.WEBHOOK)
    by_hand = has_own_inputs(occasion.dedup_key)
    if is_asked and not by_hand and not condition_holds(condition, roots):
        raise _Stay(FireStatus.SKIPPED, "the condition of the filter does not hold")
    targets = [
        target
        for target in trigger.targets
        if condition_holds(target.get("condition", ""), roots)
    ]
    if not targets:
        raise _Stay(FireStatus.SKIPPED, "no target's condition holds")
    _make_room(trigger, len(targets), now)
    return [_start(trigger, target, occasion, now) for target in targets]


def _make_room(trigger: Trigger, wanted: int, now: datetime) -> None:
    """Let as many runs start as the policy allows, or raise what happens instead.

    A fire with more targets than may live at once has its turn when none does.
    """
    if not is_counted(trigger):
        return
    most = trigger.max_concurrent_runs
    live = live_count(trigger.id)
    too_many = min(live + wanted - most, live)
    if too_many <= 0:
        return
    match trigger.concurrency_policy:
        case ConcurrencyPolicy.REPLACE:
            _cancel(oldest_live(trigger.id, too_many), now)
        case ConcurrencyPolicy.QUEUE:
            raise _Stay(FireStatus.QUEUED, "")
        case _:
            raise _Stay(
                FireStatus.SKIPPED,
                f"concurrency policy {trigger.concurrency_policy}: {live} of"
                f" {most} runs are active",
            )


def _cancel(run_ids: Sequence[str], now: datetime) -> None:
    request = CancelRequested(at=now, reason=REPLACED, replaced=True)
    progress_runs({id_: [Received(request)] for id_ in run_ids}, now=now)


def _start(
    trigger: Trigger, target: dict[str, Any], occasion: Occasion, now: datetime
) -> str:
    if "input_mapping" in target:
        inputs = mapped_inputs(target["input_mapping"], occasion.roots())
    else:
        inputs = dict(occasion.inputs)
    queue = {"queue": target["queue"]} if "queue" in target else {}
    new = NewRun(
        definition=target["workflow_id"],
        inputs=inputs,
        given={"event": occasion.event, "meta": occasion.meta},
        actor_type="trigger",
        actor_id=trigger.id,
        initiated_by=trigger.name,
        trigger_id=trigger.id,
        trigger_queues=trigger.concurrency_policy == ConcurrencyPolicy.QUEUE,
        source_event_id=occasion.source_event_id,
        depth=occasion.depth,
        **queue,
    )
    return start_run(trigger.project_id, new, now=now).id


def _note(fire: TriggerFire, status: FireStatus, error: str, now: datetime) -> None:
    fire.status = status
    fire.error = error.replace("\x00", "")[:ERROR_CHARS_MAX]
    if status != FireStatus.QUEUED:
        fire.settled_at = now
        fire.context = None
