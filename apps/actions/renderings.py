"""Actions and calls as the API shows them: never with a key, but when it is new."""

from collections.abc import Mapping
from typing import Any, Final

from apps.actions.calling import secret_ref
from apps.actions.catalog import Entry
from apps.actions.models import (
    CustomAction,
    EndpointKind,
    Invocation,
    InvocationStatus,
)
from apps.api.rendering import instant, present

_LOCATIONS: Final[Mapping[str, str]] = {
    "builtin": "managed",
    "http": "managed",
    "worker": "worker",
}


def render_action(action: CustomAction, *, shown_key: str = "") -> dict[str, Any]:
    """Return a custom action; ``shown_key`` is the key that was just made."""
    is_http = action.endpoint_kind == EndpointKind.HTTP
    return present(
        id=action.id,
        name=action.name,
        title=action.title or None,
        description=action.description or None,
        endpoint_kind=action.endpoint_kind,
        endpoint_url=action.endpoint_url or None,
        invocation_format=action.invocation_format,
        headers=action.headers or None,
        input_schema=action.input_schema,
        output_schema=action.output_schema,
        annotations=action.annotations,
        tags=action.tags,
        risk=action.risk,
        timeout_seconds=action.timeout_seconds,
        enabled=action.enabled,
        secret_ref=secret_ref(action.id) if is_http else None,
        secret_version=action.key_version if is_http else None,
        signing_secret=shown_key or None,
        created_by=action.created_by or None,
        created_at=instant(action.created_at),
        updated_at=instant(action.updated_at),
    )


def render_key(action: CustomAction, shown_key: str) -> dict[str, Any]:
    """Return a key that was just made."""
    return {
        "secret_ref": secret_ref(action.id),
        "secret_version": action.key_version,
        "signing_secret": shown_key,
    }


def render_entry(entry: Entry) -> dict[str, Any]:
    """Return an action as the catalogue shows it, in the words of every client."""
    location = _LOCATIONS[entry.kind]
    shared = present(
        name=entry.name,
        endpoint_kind=entry.kind,
        source="platform" if entry.builtin else "custom",
        definition_scope="platform" if entry.builtin else "project",
        readiness="needs_setup" if entry.reason else "ready",
        readiness_reason=entry.reason or None,
        available=not entry.reason,
        execution=present(
            supported_locations=[location],
            default_location=location,
            required_worker_capabilities=[entry.name] if location == "worker" else None,
            queue=entry.queue or None,
        ),
    )
    if entry.builtin is not None:
        builtin = entry.builtin
        return {
            **shared,
            "title": builtin.title,
            "description": builtin.description,
            "risk": builtin.risk,
            "annotations": dict(builtin.annotations),
            "input_schema": dict(builtin.input_schema),
            "output_schema": dict(builtin.output_schema),
        }
    if entry.custom is not None:
        return {**render_action(entry.custom), **shared}
    return {**shared, "risk": "medium", "annotations": {}}


def render_result(invocation: Invocation) -> dict[str, Any]:
    """Return how a direct call stands; an output that is no object is under
    ``output``, as clients expect an object."""
    status = invocation.status
    output = invocation.output
    if status == InvocationStatus.COMPLETED and not isinstance(output, dict):
        output = {"output": output}
    is_over = status != InvocationStatus.ACTIVE
    failed = is_over and status != InvocationStatus.COMPLETED
    return present(
        status="failed" if failed else status,
        job_id=invocation.job_id or None,
        output=output if status == InvocationStatus.COMPLETED else None,
        error=(invocation.error_message or invocation.error_type) if failed else None,
    )


def render_invocation(invocation: Invocation) -> dict[str, Any]:
    """Return a line of the log."""
    size = invocation.output_bytes
    return present(
        id=invocation.id,
        action_name=invocation.action,
        action_id=invocation.action_id or None,
        source="platform" if invocation.kind == "builtin" else "custom",
        endpoint_kind=invocation.kind,
        origin=invocation.origin,
        actor_principal_id=invocation.actor_id or None,
        actor_principal_type=invocation.actor_type or None,
        run_id=invocation.run_id or None,
        loop_id=invocation.definition_id or None,
        step_name=invocation.step_name or None,
        job_id=invocation.job_id or None,
        delivery_id=invocation.id,
        parameters=invocation.parameters,
        output_summary=None if size is None else {"bytes": size},
        output=invocation.output,
        status=invocation.status,
        retry_count=invocation.retries,
        http_status=invocation.http_status,
        secret_version=invocation.secret_version,
        error_type=invocation.error_type or None,
        error_message=invocation.error_message or None,
        created_at=instant(invocation.created_at),
        started_at=instant(invocation.started_at or invocation.created_at),
        finished_at=instant(invocation.finished_at),
    )
