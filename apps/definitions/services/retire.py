"""Take an automation or a loop out of use."""

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.definitions.lifecycle import move, stop_triggers
from apps.definitions.selectors import find_definition
from apps.workflows.models import DefinitionStatus, Dialect

#: What retired definitions are.
RETIRED: Final = {
    Dialect.AUTOMATION: DefinitionStatus.ARCHIVED,
    Dialect.LOOP: DefinitionStatus.DELETED,
}


@transaction.atomic
def retire_definition(
    project_id: str, dialect: Dialect, id_or_handle: str, *, now: datetime
) -> None:
    """Archive an automation, delete a loop: no new runs, its triggers are off.

    Runs, versions and fires stay. An archived automation can be archived again; it
    keeps its handle. The name of a deleted loop is free.

    Raises:
        NotFound: the project has no such definition.
    """
    definition = find_definition(project_id, dialect, id_or_handle, for_update=True)
    if definition.status != RETIRED[dialect]:
        move(definition, RETIRED[dialect], now)
        stop_triggers(definition, now)
        definition.updated_at = now
        definition.save(update_fields=["status", "archived_at", "updated_at"])
