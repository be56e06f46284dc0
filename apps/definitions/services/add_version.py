"""Add a version to a definition."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.definitions.checks import admit_authored
from apps.definitions.lifecycle import make_current
from apps.definitions.selectors import find_definition
from apps.kernel.errors import Conflict
from apps.workflows.models import (
    DefinitionStatus,
    Dialect,
    VersionStatus,
    Workflow,
    WorkflowVersion,
)


@transaction.atomic
def add_version(
    project_id: str,
    automation: str,
    spec: Mapping[str, Any],
    *,
    compiled_plan: Mapping[str, Any] | None,
    created_by: str,
    now: datetime,
) -> WorkflowVersion:
    """Add a draft to an automation; what runs stays as it is until it is published.

    Raises:
        NotFound: the project has no such automation.
        Invalid: the spec cannot run; every problem with its path.
        Conflict: the automation is archived.
    """
    # Checked and stored before the lock: that may take a while.
    digest = admit_authored(Dialect.AUTOMATION, spec, now=now)
    definition = find_definition(
        project_id, Dialect.AUTOMATION, automation, for_update=True
    )
    refuse_archived(definition)
    version = _append(definition, digest, by=created_by, now=now)
    if compiled_plan is not None:
        version.compiled_plan = dict(compiled_plan)
    version.save(force_insert=True)
    definition.save(update_fields=["latest_version", "updated_at"])
    return version


def write_current(
    definition: Workflow, authored: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Add a version that is current at once, in the caller's transaction, which holds
    the definition's row, saves it and lets the triggers follow.

    Raises:
        Invalid: what is authored cannot run; every problem with its path.
    """
    digest = admit_authored(Dialect(definition.dialect), authored, now=now)
    version = _append(definition, digest, by=by, now=now)
    version.save(force_insert=True)
    make_current(definition, version, now)


def refuse_archived(definition: Workflow) -> None:
    """Return if the definition is in use.

    Raises:
        Conflict: it is archived.
    """
    if definition.status == DefinitionStatus.ARCHIVED:
        raise Conflict(
            f"{definition.name} is archived: set its status to active or draft first",
            code="archived",
            status=definition.status,
        )


def _append(
    definition: Workflow, digest: str, *, by: str, now: datetime
) -> WorkflowVersion:
    definition.latest_version += 1
    definition.updated_at = now
    return WorkflowVersion(
        workflow=definition,
        version=definition.latest_version,
        spec_id=digest,
        status=VersionStatus.DRAFT,
        created_by=by,
        created_at=now,
    )
