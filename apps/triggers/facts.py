"""Internal facts about triggers that drive the dispatcher."""

from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact
from apps.triggers.models import Trigger


def due(trigger: Trigger) -> Fact:
    """Return the fact that fires of a trigger may wait to be settled."""
    return Fact(
        trigger.project_id,
        Internal.TRIGGER_DUE,
        source_kind="trigger",
        source_id=trigger.id,
        event={"trigger_id": trigger.id},
    )
