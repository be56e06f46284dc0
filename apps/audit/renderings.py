"""Audit records as the API shows them."""

from typing import Any

from apps.api.rendering import instant, present
from apps.audit.models import AuditRecord


def render_record(record: AuditRecord) -> dict[str, Any]:
    """Return one record."""
    actor = record.actor
    return present(
        id=record.id,
        number=record.number,
        action=record.action,
        resource_type=record.resource_type,
        resource_id=record.resource_id,
        resource_name=record.resource_name or None,
        project_id=record.project_id or None,
        user_id=actor.get("principal_id"),
        actor_name=actor.get("principal_name"),
        actor_type=actor.get("principal_kind") or actor.get("source"),
        source=actor.get("source"),
        credential_id=actor.get("credential_id"),
        credential_name=actor.get("credential_name"),
        ip_address=actor.get("address"),
        user_agent=actor.get("program"),
        changes=record.changes,
        hash=record.hash,
        created_at=instant(record.created_at),
    )
