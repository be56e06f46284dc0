"""Triggers and fires as the API shows them: never with a secret."""

from typing import Any

from django.conf import settings

from apps.api.rendering import instant, present
from apps.triggers.models import ConcurrencyPolicy, Trigger, TriggerFire


def render_trigger(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger; ``last_fire_at`` is there if the selector found it.

    ``workflow_id`` and ``key`` say which definition's block it comes from, if from one.
    """
    counts = trigger.concurrency_policy != ConcurrencyPolicy.ALLOW
    return present(
        id=trigger.id,
        workflow_id=trigger.workflow_id or None,
        key=trigger.key or None,
        name=trigger.name,
        kind=trigger.kind,
        source_config=trigger.source_config,
        filter_config=trigger.filter_config or None,
        targets=trigger.targets,
        concurrency_policy=trigger.concurrency_policy,
        max_concurrent_runs=trigger.max_concurrent_runs if counts else None,
        enabled=trigger.enabled,
        last_fire_at=instant(getattr(trigger, "last_fire_at", None)),
        next_fire_at=instant(trigger.next_fire_at),
        webhook_handle=trigger.handle or None,
        receive_url=receive_url(trigger) or None,
        has_webhook_secret=bool(trigger.sealed_secret) if trigger.handle else None,
        created_by=trigger.created_by or None,
        created_at=instant(trigger.created_at),
        updated_at=instant(trigger.updated_at),
    )


def receive_url(trigger: Trigger) -> str:
    """Return where requests reach the trigger; empty when nowhere."""
    if not trigger.handle:
        return ""
    return f"{settings.PUBLIC_URL.rstrip('/')}/v1/triggers/webhook/{trigger.handle}"


def render_fire(fire: TriggerFire) -> dict[str, Any]:
    """Return a fire with the runs it started."""
    return present(
        id=fire.id,
        trigger_id=fire.trigger_id,
        status=fire.status,
        error=fire.error or None,
        run_id=fire.run_ids[0] if fire.run_ids else None,
        run_ids=fire.run_ids,
        source_event_id=fire.source_event_id or None,
        dedup_key=fire.dedup_key,
        scheduled_at=instant(fire.scheduled_at),
        fired_at=instant(fire.fired_at),
        created_at=instant(fire.fired_at),
        settled_at=instant(fire.settled_at),
    )
