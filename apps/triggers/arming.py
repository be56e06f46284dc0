"""What makes a stored trigger go off: its next slot, and its place among listeners."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.api.body import invalid_field
from apps.kernel.errors import NotFound
from apps.source_events.models import ListenerSource
from apps.source_events.services.listeners import (
    NewListener,
    add_listeners,
    remove_listeners,
)
from apps.triggers.models import Trigger, TriggerKind
from apps.triggers.schedules import (
    Schedule,
    next_slot,
    read_cron,
    read_interval,
    read_zone,
)
from apps.workflows.selectors import runnable
from apps.workflows.specs import parsed_spec


def schedule_of(trigger: Trigger) -> tuple[Schedule, ZoneInfo]:
    """Return the schedule of a schedule trigger and its zone."""
    config = trigger.source_config
    zone = read_zone(config.get("timezone", "UTC"))
    if cron := config.get("cron"):
        return Schedule(cron=read_cron(cron)), zone
    every = read_interval(config["interval"])
    return Schedule(every=every, anchor=trigger.created_at), zone


def arm(trigger: Trigger, now: datetime) -> None:
    """Set the next slot to the first after now; to none if the trigger waits for none.

    Raises:
        ScheduleError: the schedule cannot be read any more, or is never due again.
    """
    trigger.next_fire_at = None
    if trigger.kind == TriggerKind.SCHEDULE and trigger.enabled:
        schedule, zone = schedule_of(trigger)
        trigger.next_fire_at = next_slot(schedule, now, zone)
        trigger.armed_at = now


def listen(trigger: Trigger) -> None:
    """Make the listeners what the trigger, as it stands now, asks for."""
    remove_listeners([trigger.id])
    if trigger.kind == TriggerKind.EVENT and trigger.enabled:
        config = trigger.source_config
        add_listeners(
            [
                NewListener(
                    project_id=trigger.project_id,
                    pattern=config["event_type"],
                    source=ListenerSource.TRIGGER,
                    ref=trigger.id,
                    source_id=config.get("source_id", ""),
                )
            ]
        )


def checked_targets(
    project_id: str, targets: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return targets that name workflows by their ids.

    Raises:
        Invalid: the project has no such workflow, or it declares no such input.
    """
    return [_checked(project_id, f"targets[{n}]", t) for n, t in enumerate(targets)]


def _checked(project_id: str, path: str, target: dict[str, Any]) -> dict[str, Any]:
    try:
        found = runnable(project_id, target["workflow_id"])
    except NotFound as missing:
        raise invalid_field(f"{path}.workflow_id", missing.message) from None
    spec = parsed_spec(found.spec_digest)
    declared = {field.name for field in spec.inputs}
    for name in target.get("input_mapping", {}):
        if declared and name not in declared:
            known = ", ".join(sorted(declared))
            raise invalid_field(
                f"{path}.input_mapping.{name}",
                f"{found.name} declares no such input, only {known}",
            )
    return {**target, "workflow_id": found.workflow_id}
