"""Make the triggers of a definition what its block says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.kernel.errors import Conflict
from apps.triggers.models import Trigger, TriggerKind
from apps.triggers.selectors import lock_owned_triggers
from apps.triggers.services.create import NewTrigger, create_trigger
from apps.triggers.services.delete import delete_locked
from apps.triggers.services.update import Changes, change_locked

_COMPARED = ("name", "source_config", "concurrency_policy", "max_concurrent_runs")


@dataclass(frozen=True, slots=True)
class AuthoredTrigger:
    """One entry of a block, at ``path``. Without a ``handle`` the id is it."""

    path: str
    key: str
    name: str
    kind: str
    source_config: Mapping[str, Any]
    handle: str
    concurrency_policy: str
    max_concurrent_runs: int
    enabled: bool


@transaction.atomic
def reconcile_triggers(
    project_id: str,
    workflow_id: str,
    block: Sequence[AuthoredTrigger],
    *,
    live: bool,
    by: str,
    now: datetime,
) -> None:
    """Create, change and delete until the triggers are those of the block.

    The caller holds the definition's row. What did not change is not touched: it
    keeps its id, handle, secret, next slot and fires. Without ``live`` none goes off.

    Raises:
        Conflict: a handle is taken by another trigger; names its place.
    """
    wanted = {each.key: each for each in block}
    kept: dict[str, Trigger] = {}
    for row in lock_owned_triggers(workflow_id):
        each = wanted.get(row.key)
        if each is None or each.kind != row.kind:
            delete_locked(row)
        else:
            kept[row.key] = row
    _release_handles(kept, wanted)
    # Two definitions that want the same handles queue up, not in a circle.
    for each in sorted(block, key=lambda each: (each.handle, each.key)):
        try:
            if each.key in kept:
                _change(kept[each.key], each, live=live, now=now)
            else:
                new = _new(workflow_id, each, live=live)
                create_trigger(project_id, new, created_by=by, now=now)
        except Conflict as refusal:
            raise _at(each, refusal) from None


@transaction.atomic
def silence_triggers(workflow_id: str, *, now: datetime) -> None:
    """Disable the triggers of a definition that may not start runs any more.

    The caller holds the definition's row. Their fires stay.
    """
    for row in lock_owned_triggers(workflow_id):
        if row.enabled:
            change_locked(row, Changes(enabled=False), now=now)


def _release_handles(
    kept: Mapping[str, Trigger], wanted: Mapping[str, AuthoredTrigger]
) -> None:
    """Let go of handles that move, so that two triggers can swap theirs."""
    moving = [row for row in kept.values() if row.handle != _handle(row, wanted)]
    Trigger.objects.filter(id__in=[row.id for row in moving]).update(handle="")
    for row in moving:
        row.handle = ""


def _handle(row: Trigger, wanted: Mapping[str, AuthoredTrigger]) -> str:
    is_webhook = row.kind == TriggerKind.WEBHOOK
    return (wanted[row.key].handle or row.id) if is_webhook else ""


def _change(row: Trigger, each: AuthoredTrigger, *, live: bool, now: datetime) -> None:
    differing: dict[str, Any] = {
        name: getattr(each, name)
        for name in _COMPARED
        if getattr(each, name) != getattr(row, name)
    }
    handle = _handle(row, {each.key: each})
    if handle != row.handle:
        differing["handle"] = handle
    if (each.enabled and live) != row.enabled:
        differing["enabled"] = each.enabled and live
    if differing:
        change_locked(row, Changes(**differing), now=now)


def _new(workflow_id: str, each: AuthoredTrigger, *, live: bool) -> NewTrigger:
    return NewTrigger(
        name=each.name,
        kind=each.kind,
        targets=(),
        source_config=each.source_config,
        concurrency_policy=each.concurrency_policy,
        max_concurrent_runs=each.max_concurrent_runs,
        enabled=each.enabled and live,
        handle=each.handle,
        workflow_id=workflow_id,
        key=each.key,
    )


def _at(each: AuthoredTrigger, refusal: Conflict) -> Conflict:
    """Return what is taken with its place in the block."""
    path = f"{each.path}.config.http_handle"
    return Conflict(
        f"{path}: {each.handle} is taken",
        path=path,
        handle=refusal.details.get("handle", each.handle),
    )
