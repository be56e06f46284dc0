"""Why an event did, or did not, set a trigger off."""

from apps.kernel.errors import NotFound
from apps.source_events.explaining import Explanation
from apps.source_events.models import SourceEvent
from apps.triggers.matching import explained
from apps.triggers.models import Trigger, TriggerFire


def explain_trigger(trigger_id: str, event: SourceEvent) -> Explanation:
    """Return what came of an event at a trigger, and whether it would match now.

    Raises:
        NotFound: there is no trigger of this id.
    """
    trigger = Trigger.objects.filter(id=trigger_id).first()
    if trigger is None:
        raise NotFound(f"there is no trigger {trigger_id}")
    came = f"{_came(trigger, event)} As the trigger stands now:"
    return Explanation(came, explained(trigger, event))


def _came(trigger: Trigger, event: SourceEvent) -> str:
    fire = TriggerFire.objects.filter(trigger_id=trigger.id, dedup_key=event.id).first()
    if fire is not None:
        why = f" ({fire.error})" if fire.error else ""
        return f"It fired: {fire.id} is {fire.status}{why}."
    if event.created_at < trigger.created_at:
        return "It did not fire: the event is older than the trigger."
    return "It did not fire."
