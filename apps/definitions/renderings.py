"""Automations and loops as their clients know them: these reject every other field."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.api.rendering import instant, present
from apps.definitions.contents import AUTHORED
from apps.triggers.block import POLICY_WORDS
from apps.triggers.models import ConcurrencyPolicy, Trigger, TriggerKind
from apps.workflows.models import Dialect, Workflow, WorkflowVersion

#: The word of these clients for what we call a webhook.
HTTP: Final = "http"


def render_automation(
    automation: Workflow, triggers: Sequence[Trigger]
) -> dict[str, Any]:
    """Return an automation with the triggers of its published version."""
    return present(
        **_ids(automation),
        handle=automation.handle,
        name=automation.name,
        description=automation.description or None,
        status=automation.status,
        owner=automation.created_by or None,
        default_agent_id=automation.agent_id or None,
        latest_version=automation.latest_version,
        published_version=automation.published_version or None,
        default_inputs=automation.defaults or None,
        settings=automation.settings or None,
        tags=automation.tags,
        triggers=[_render_trigger(automation, trigger) for trigger in triggers],
        last_run_at=instant(getattr(automation, "last_run_at", None)),
        archived_at=instant(automation.archived_at),
        created_at=instant(automation.created_at),
        updated_at=instant(automation.updated_at),
    )


def render_automation_version(
    automation: Workflow, version: WorkflowVersion
) -> dict[str, Any]:
    """Return a version with its spec as it was sent."""
    return present(
        **{**_ids(automation), "id": version.id},
        automation_id=automation.id,
        version=version.version,
        status=version.status,
        spec=version.spec.body,
        compiled_plan=version.compiled_plan,
        created_by=version.created_by or None,
        created_at=instant(version.created_at),
    )


def render_loop(loop: Workflow, authored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a loop with its authoring fields as they were sent."""
    return present(
        id=loop.id,
        name=loop.name,
        description=loop.description or None,
        status=loop.status,
        owner=loop.created_by or None,
        agent_id=loop.agent_id or None,
        **{field: authored.get(field) for field in AUTHORED[Dialect.LOOP]},
        default_config=loop.defaults or None,
        settings=loop.settings or None,
        tags=loop.tags,
        last_run_at=instant(getattr(loop, "last_run_at", None)),
        created_at=instant(loop.created_at),
        updated_at=instant(loop.updated_at),
    )


def _ids(automation: Workflow) -> dict[str, Any]:
    return {
        "id": automation.id,
        "org_id": automation.organization_id,
        "project_id": automation.project_id,
    }


def _render_trigger(automation: Workflow, trigger: Trigger) -> dict[str, Any]:
    config = trigger.source_config
    is_webhook = trigger.kind == TriggerKind.WEBHOOK
    policy = ConcurrencyPolicy(trigger.concurrency_policy)
    return present(
        **{**_ids(automation), "id": trigger.id},
        automation_id=automation.id,
        name=trigger.name,
        kind=HTTP if is_webhook else trigger.kind,
        enabled=trigger.enabled,
        config=config,
        concurrency_policy=POLICY_WORDS[policy],
        max_concurrent_runs=trigger.max_concurrent_runs,
        http_handle=trigger.handle or None,
        signing_secret_set=bool(trigger.sealed_secret) if is_webhook else None,
        event_type=config.get("event_type"),
        source_id=config.get("source_id"),
        condition=config.get("condition"),
        last_fire_at=instant(getattr(trigger, "last_fire_at", None)),
        next_fire_at=instant(trigger.next_fire_at),
        created_at=instant(trigger.created_at),
        updated_at=instant(trigger.updated_at),
    )
