"""Reading triggers. Every query of a request starts from the project."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from apps.api.body import invalid_field
from apps.kernel.errors import NotFound
from apps.runs.models import Run
from apps.triggers.models import FireStatus, Trigger, TriggerFire, TriggerKind

_YES_NO = {"true": True, "1": True, "false": False, "0": False}


def list_triggers(project_id: str, query: Mapping[str, Any]) -> QuerySet[Trigger]:
    """Return the triggers of a project that match the filters of the list.

    Raises:
        Invalid: ``kind`` or ``enabled`` is none.
    """
    rows = _with_last_fire(Trigger.objects.filter(project_id=project_id))
    kind = str(query.get("kind") or "")
    if kind:
        if kind not in (*TriggerKind.values, "http"):
            known = ", ".join(TriggerKind.values)
            raise invalid_field("kind", f"expected one of {known}")
        rows = rows.filter(kind=TriggerKind.WEBHOOK if kind == "http" else kind)
    enabled = str(query.get("enabled") or "").lower()
    if enabled:
        if enabled not in _YES_NO:
            raise invalid_field("enabled", "expected true or false")
        rows = rows.filter(enabled=_YES_NO[enabled])
    return rows


def find_trigger(
    project_id: str, trigger_id: str, *, for_update: bool = False
) -> Trigger:
    """Return one trigger, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such trigger.
    """
    rows = Trigger.objects.filter(project_id=project_id, id=trigger_id)
    rows = rows.select_for_update() if for_update else _with_last_fire(rows)
    trigger = rows.first()
    if trigger is None:
        raise NotFound(f"trigger {trigger_id} not found")
    return trigger


def owned_triggers(workflow_ids: Sequence[str]) -> list[Trigger]:
    """Return the triggers that the blocks of definitions ask for, in the order of
    their keys."""
    rows = Trigger.objects.filter(workflow_id__in=workflow_ids).exclude(workflow_id="")
    return list(_with_last_fire(rows).order_by("workflow_id", "key"))


def lock_owned_triggers(workflow_id: str) -> list[Trigger]:
    """Return the triggers of one definition, locked in the order of their ids."""
    rows = Trigger.objects.filter(workflow_id=workflow_id).exclude(workflow_id="")
    return list(rows.order_by("id").select_for_update())


def _with_last_fire(rows: QuerySet[Trigger]) -> QuerySet[Trigger]:
    fires = TriggerFire.objects.filter(trigger_id=OuterRef("id"))
    newest = fires.order_by("-fired_at", "-id").values("fired_at")[:1]
    return rows.annotate(last_fire_at=Subquery(newest))


def list_fires(trigger_id: str, query: Mapping[str, Any]) -> QuerySet[TriggerFire]:
    """Return the fires of a trigger that match the filters of the list.

    Raises:
        Invalid: ``status`` is not a status of fires.
    """
    rows = TriggerFire.objects.filter(trigger_id=trigger_id).defer("context")
    status = str(query.get("status") or "")
    if status:
        if status not in FireStatus.values:
            known = ", ".join(FireStatus.values)
            raise invalid_field("status", f"expected one of {known}")
        rows = rows.filter(status=status)
    return rows


def find_by_handle(handle: str) -> Trigger | None:
    """Return the enabled webhook trigger of an address, None if there is none, or if
    its project is archived."""
    if not handle or "\x00" in handle:
        return None
    rows = Trigger.objects.filter(handle=handle, enabled=True)
    return rows.filter(project__archived_at=None).first()


def live_count(trigger_id: str) -> int:
    """Return how many runs of a trigger are not over."""
    return _live_runs(trigger_id).count()


def oldest_live(trigger_id: str, count: int) -> list[str]:
    """Return the oldest runs of a trigger that are not over."""
    ids = _live_runs(trigger_id).order_by("id").values_list("id", flat=True)
    return list(ids[:count])


def _live_runs(trigger_id: str) -> QuerySet[Run]:
    return Run.objects.filter(trigger_id=trigger_id, completed_at=None)


def queued_fires(trigger_id: str, limit: int, *, after: int = 0) -> list[TriggerFire]:
    """Return fires that wait, the one whose turn is first in front."""
    rows = TriggerFire.objects.filter(trigger_id=trigger_id, status=FireStatus.QUEUED)
    return list(rows.order_by("fired_at", "id")[after : after + limit])


def triggers_with_queues(limit: int) -> list[str]:
    """Return triggers at which fires wait."""
    rows = TriggerFire.objects.filter(status=FireStatus.QUEUED)
    ids = rows.order_by("trigger_id").values_list("trigger_id", flat=True).distinct()
    return list(ids[:limit])
