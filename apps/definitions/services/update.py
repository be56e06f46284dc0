"""Change an automation or a loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from apps.definitions.lifecycle import follow, move, stop_triggers
from apps.definitions.selectors import authored_of, find_definition
from apps.definitions.services.add_version import write_current
from apps.workflows.models import DefinitionStatus, Dialect, Workflow
from apps.workflows.uniqueness import name_conflict

_PLAIN: Final = ("name", "description", "agent_id", "defaults", "settings", "tags")


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves it. ``authored`` holds the authoring fields of a
    loop that were sent."""

    name: str | None = None
    description: str | None = None
    agent_id: str | None = None
    defaults: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    tags: Mapping[str, str] | None = None
    status: str | None = None
    authored: Mapping[str, Any] | None = None


@transaction.atomic
def update_definition(
    project_id: str,
    dialect: Dialect,
    id_or_handle: str,
    changes: Changes,
    *,
    changed_by: str,
    now: datetime,
) -> Workflow:
    """Apply ``changes``, all or none. Runs keep the version they started with.

    Authoring fields replace those of the published version; if that changes it, they
    are a new one, current at once. Triggers that start again begin now.

    Raises:
        NotFound: the project has no such definition.
        Invalid: what is authored cannot run, or there are no steps yet.
        Conflict: the name of a loop or the handle of a trigger is taken, or the
            status does not fit what is published.
    """
    definition = find_definition(project_id, dialect, id_or_handle, for_update=True)
    before = definition.status
    changed = _apply(definition, changes)
    rewritten = changes.authored is not None and _author(
        definition, changes.authored, changed_by, now
    )
    if changes.status is not None and changes.status != definition.status:
        move(definition, changes.status, now)
    moved = definition.status != before
    if rewritten or definition.status == DefinitionStatus.ACTIVE != before:
        follow(definition, by=changed_by, now=now)
    elif moved:
        stop_triggers(definition, now)
    if changed or rewritten or moved:
        definition.updated_at = now
        _save(definition)
    return definition


def _apply(definition: Workflow, changes: Changes) -> bool:
    changed = False
    for field in _PLAIN:
        value = getattr(changes, field)
        if value is not None and value != getattr(definition, field):
            setattr(definition, field, value)
            changed = True
    return changed


def _author(
    definition: Workflow, sent: Mapping[str, Any], by: str, now: datetime
) -> bool:
    """Write a new version unless it says what the published one says."""
    present = authored_of(definition)
    wanted = {**present, **sent}
    if wanted == present:
        return False
    write_current(definition, wanted, by=by, now=now)
    return True


def _save(definition: Workflow) -> None:
    try:
        with transaction.atomic():
            definition.save()
    except IntegrityError as error:
        raise name_conflict(error, definition.name) from None
