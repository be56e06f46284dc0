"""Fire one trigger."""

from datetime import datetime

from django.db import transaction

from apps.kernel.errors import NotFound
from apps.triggers.firing import carry_out, is_counted, new_fire, silence, skip
from apps.triggers.models import Trigger, TriggerFire
from apps.triggers.occasions import Occasion
from apps.triggers.services.settle import settle_locked
from apps.triggers.store import insert_fires


class _Known(Exception):
    """Raised to undo what a fire started that exists already."""


@transaction.atomic
def fire_trigger(
    trigger_id: str, occasion: Occasion, *, now: datetime
) -> TriggerFire | None:
    """Fire a trigger once for an occasion; return None if it was fired before.

    The fire and its runs are one transaction. A fire that starts nothing says why.
    Where runs are counted it takes its turn behind those that wait.

    Raises:
        NotFound: the trigger is not there any more.
    """
    rows = Trigger.objects.filter(id=trigger_id).select_related("project")
    trigger = rows.first()
    if trigger is not None and is_counted(trigger):
        trigger = rows.select_for_update(of=("self",)).first()
    if trigger is None:
        raise NotFound(f"trigger {trigger_id} not found")
    fire = new_fire(trigger, occasion, now)
    if why := silence(trigger):
        skip(fire, why, now)
        return fire if insert_fires([fire]) else None
    if is_counted(trigger):
        if not insert_fires([fire]):
            return None
        settle_locked(trigger, now=now)
        return TriggerFire.objects.get(id=fire.id)
    try:
        with transaction.atomic():
            carry_out(trigger, fire, occasion, now=now)
            if not insert_fires([fire]):
                raise _Known
    except _Known:
        return None
    return fire
