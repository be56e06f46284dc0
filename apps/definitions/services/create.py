"""Create an automation or a loop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.definitions.lifecycle import follow
from apps.definitions.services.add_version import write_current
from apps.workflows.models import DefinitionStatus, Dialect, Workflow
from apps.workflows.services.insert import insert_definition


@dataclass(frozen=True, slots=True)
class NewDefinition:
    """A definition as it was sent.

    ``authored`` holds the authoring fields of a loop that has steps. Loops have no
    handle that anybody sees: theirs is derived.
    """

    name: str
    handle: str = ""
    description: str = ""
    agent_id: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    authored: Mapping[str, Any] | None = None


@transaction.atomic
def create_definition(
    project_id: str,
    organization_id: str,
    dialect: Dialect,
    new: NewDefinition,
    *,
    created_by: str,
    now: datetime,
) -> Workflow:
    """Create a draft; one that comes with steps is published at once and active.

    Raises:
        Invalid: what is authored cannot run (every problem with its path), or the
            handle is malformed.
        Conflict: the handle of an automation or the name of a loop is taken, or the
            handle of a trigger.
    """
    definition = insert_definition(
        Workflow(
            project_id=project_id,
            organization_id=organization_id,
            dialect=dialect,
            status=DefinitionStatus.DRAFT,
            name=new.name,
            handle=new.handle,
            description=new.description,
            agent_id=new.agent_id,
            defaults=dict(new.defaults),
            settings=dict(new.settings),
            tags=dict(new.tags),
            latest_version=0,
            created_by=created_by,
            created_at=now,
            updated_at=now,
        )
    )
    if new.authored is not None:
        write_current(definition, new.authored, by=created_by, now=now)
        follow(definition, by=created_by, now=now)
        definition.save()
    return definition
