"""How definitions stand: which status may follow, what becomes current, and what
their triggers do then. The caller's transaction holds the definition's row."""

from datetime import datetime

from apps.definitions.checks import block_of
from apps.definitions.selectors import authored_of
from apps.kernel.errors import Conflict
from apps.triggers.services.reconcile import reconcile_triggers, silence_triggers
from apps.workflows.models import (
    HIDDEN,
    DefinitionStatus,
    Dialect,
    VersionStatus,
    Workflow,
    WorkflowVersion,
)

_Status = DefinitionStatus


def move(definition: Workflow, wanted: str, now: datetime) -> None:
    """Set the status; what nothing is published of is a draft, or hidden.

    Raises:
        Conflict: this status does not fit what is published.
    """
    if wanted in (_Status.ACTIVE, _Status.PAUSED) and not definition.published_version:
        raise Conflict(
            f"{definition.name} has no published version: it cannot be {wanted}",
            code="not_published",
            path="status",
            status=definition.status,
        )
    if wanted == _Status.DRAFT and definition.published_version:
        raise Conflict(
            f"{definition.name} has a published version: pause it instead",
            path="status",
            status=definition.status,
        )
    definition.status = wanted
    definition.archived_at = now if wanted in HIDDEN else None


def make_current(definition: Workflow, version: WorkflowVersion, now: datetime) -> None:
    """Publish a version, supersede the one before, and let a draft become active.

    What is paused stays paused: whoever paused it decides when it goes on.
    """
    definition.versions.filter(status=VersionStatus.PUBLISHED).exclude(
        pk=version.pk
    ).update(status=VersionStatus.SUPERSEDED)
    version.status = VersionStatus.PUBLISHED
    version.published_at = now
    version.save(update_fields=["status", "published_at"])
    definition.published_version = version.version
    if definition.status == _Status.DRAFT:
        definition.status = _Status.ACTIVE


def follow(definition: Workflow, *, by: str, now: datetime) -> None:
    """Make the triggers what the block of the published version says; they go off
    only while the definition is active.

    Raises:
        Invalid: the block cannot be read any more.
        Conflict: a handle is taken; names its place in the block.
    """
    reconcile_triggers(
        definition.project_id,
        definition.id,
        block_of(Dialect(definition.dialect), authored_of(definition)),
        live=definition.status == _Status.ACTIVE,
        by=by,
        now=now,
    )


def stop_triggers(definition: Workflow, now: datetime) -> None:
    """Let no trigger go off; also where the block cannot be read any more."""
    silence_triggers(definition.id, now=now)
