"""Change a trigger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.secrets.cipher import seal
from apps.source_events.services.append import append_source_event
from apps.triggers.arming import arm, checked_targets, listen
from apps.triggers.facts import due
from apps.triggers.models import Trigger
from apps.triggers.ownership import refuse_owned
from apps.triggers.selectors import find_trigger
from apps.triggers.uniqueness import taken


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves a field alone, an empty ``secret`` takes it away."""

    name: str | None = None
    source_config: Mapping[str, Any] | None = None
    filter_config: Mapping[str, Any] | None = None
    targets: Sequence[dict[str, Any]] | None = None
    concurrency_policy: str | None = None
    max_concurrent_runs: int | None = None
    enabled: bool | None = None
    handle: str | None = None
    secret: str | None = field(default=None, repr=False)


@transaction.atomic
def update_trigger(
    project_id: str, trigger_id: str, changes: Changes, *, now: datetime
) -> Trigger:
    """Change a trigger. A new schedule, or one that is enabled again, begins now:
    slots of the time before are not caught up on. Queued fires stay queued.

    Raises:
        NotFound: the project has no such trigger.
        Invalid: a target's workflow does not exist or lacks a mapped input.
        Conflict: the name or the handle is taken; or a definition says what the
            trigger is: then only its secret is changed here.
    """
    trigger = find_trigger(project_id, trigger_id, for_update=True)
    if replace(changes, secret=None) != Changes():
        refuse_owned(trigger)
    change_locked(trigger, changes, now=now)
    return trigger


def change_locked(trigger: Trigger, changes: Changes, *, now: datetime) -> None:
    """Do it in the caller's transaction, which holds the trigger's row."""
    began = (trigger.source_config, trigger.enabled)
    for name in ("name", "concurrency_policy", "max_concurrent_runs", "enabled"):
        _set(trigger, name, getattr(changes, name))
    _set(trigger, "handle", changes.handle)
    if changes.source_config is not None:
        trigger.source_config = dict(changes.source_config)
    if changes.filter_config is not None:
        trigger.filter_config = dict(changes.filter_config)
    if changes.targets is not None:
        trigger.targets = checked_targets(trigger.project_id, changes.targets)
    if changes.secret is not None:
        sealed = seal(trigger.id, {"secret": changes.secret}) if changes.secret else ""
        trigger.sealed_secret = sealed
    if (trigger.source_config, trigger.enabled) != began:
        arm(trigger, now)
        listen(trigger)
    trigger.updated_at = now
    try:
        with transaction.atomic():
            trigger.save()
    except IntegrityError as error:
        raise taken(error, trigger) from None
    # Let what is queued be seen with the new rules.
    append_source_event(due(trigger), now=now)


def _set(trigger: Trigger, name: str, value: object) -> None:
    if value is not None:
        setattr(trigger, name, value)
