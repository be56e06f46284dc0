"""Fire a trigger at somebody's word."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.kernel.errors import Conflict
from apps.triggers.models import TriggerFire
from apps.triggers.occasions import by_hand
from apps.triggers.selectors import find_trigger
from apps.triggers.services.fire import fire_trigger


def fire_by_hand(
    project_id: str,
    trigger_id: str,
    inputs: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> TriggerFire:
    """Fire a trigger of any kind now; its filter is not asked, its targets' are.

    Raises:
        NotFound: the project has no such trigger.
        Conflict: the trigger is disabled.
    """
    trigger = find_trigger(project_id, trigger_id)
    if not trigger.enabled:
        raise Conflict(f"trigger {trigger.name} is disabled", trigger_id=trigger_id)
    fire = fire_trigger(trigger.id, by_hand(trigger, inputs, by), now=now)
    assert fire is not None  # its key is new
    return fire
