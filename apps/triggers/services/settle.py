"""Let fires that wait at a trigger start, in their order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.source_events.services.append import append_source_event
from apps.triggers.facts import due
from apps.triggers.firing import carry_out, occasion_of, silence, skip
from apps.triggers.models import FireStatus, Trigger, TriggerFire
from apps.triggers.selectors import queued_fires
from apps.triggers.store import save_fire

#: Fires settled in one transaction; what is left is due again.
BATCH: Final = 50
#: More fires do not wait at one trigger.
QUEUED_MAX: Final = 1000


@transaction.atomic
def settle_trigger(trigger_id: str, *, now: datetime) -> int:
    """Settle what can be settled of the queued fires of a trigger; return how many.

    Fires that were written while their trigger was deleted follow it.
    """
    rows = Trigger.objects.filter(id=trigger_id).select_related("project")
    trigger = rows.select_for_update(of=("self",)).first()
    if trigger is None:
        TriggerFire.objects.filter(trigger_id=trigger_id).delete()
        return 0
    return settle_locked(trigger, now=now)


def settle_due(event: Mapping[str, Any], now: datetime) -> None:
    """Settle at the word of an internal event."""
    settle_trigger(event["trigger_id"], now=now)


def settle_locked(trigger: Trigger, *, now: datetime) -> int:
    """Do it in the caller's transaction, which holds the trigger's row."""
    fires = queued_fires(trigger.id, BATCH)
    settled = 0
    for fire in fires:
        if why := silence(trigger):
            skip(fire, why, now)
        else:
            carry_out(trigger, fire, occasion_of(fire), now=now)
        if fire.status == FireStatus.QUEUED:
            break
        save_fire(fire)
        settled += 1
    if settled == BATCH:
        append_source_event(due(trigger), now=now)
    for fire in queued_fires(trigger.id, BATCH, after=QUEUED_MAX):
        skip(fire, f"{QUEUED_MAX} fires wait before this one", now)
        save_fire(fire)
    return settled
