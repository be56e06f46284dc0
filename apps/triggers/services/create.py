"""Create a trigger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.kernel.ids import IdKind, new_id
from apps.secrets.cipher import seal
from apps.triggers.arming import arm, checked_targets, listen
from apps.triggers.models import ConcurrencyPolicy, Trigger, TriggerKind
from apps.triggers.uniqueness import taken


@dataclass(frozen=True, slots=True)
class NewTrigger:
    """A trigger as it was sent. Webhook triggers without a handle get their id.

    One of a definition's block names it in ``workflow_id``, and has no other target.
    """

    name: str
    kind: str
    targets: Sequence[dict[str, Any]]
    source_config: Mapping[str, Any] = field(default_factory=dict)
    filter_config: Mapping[str, Any] = field(default_factory=dict)
    concurrency_policy: str = ConcurrencyPolicy.ALLOW
    max_concurrent_runs: int = 1
    enabled: bool = True
    handle: str = ""
    secret: str = field(default="", repr=False)
    workflow_id: str = ""
    key: str = ""


@transaction.atomic
def create_trigger(
    project_id: str, new: NewTrigger, *, created_by: str, now: datetime
) -> Trigger:
    """Create a trigger; it goes off from the commit on.

    Raises:
        Invalid: a target's workflow does not exist or lacks a mapped input.
        Conflict: the project has a trigger of this name, or its handle is taken.
    """
    trigger_id = new_id(IdKind.TRIGGER)
    own = [{"workflow_id": new.workflow_id}] if new.workflow_id else []
    trigger = Trigger(
        id=trigger_id,
        project_id=project_id,
        workflow_id=new.workflow_id,
        key=new.key,
        name=new.name,
        kind=new.kind,
        source_config=dict(new.source_config),
        filter_config=dict(new.filter_config),
        targets=own or checked_targets(project_id, new.targets),
        concurrency_policy=new.concurrency_policy,
        max_concurrent_runs=new.max_concurrent_runs,
        enabled=new.enabled,
        handle=(new.handle or trigger_id) if new.kind == TriggerKind.WEBHOOK else "",
        sealed_secret=seal(trigger_id, {"secret": new.secret}) if new.secret else "",
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    arm(trigger, now)
    try:
        with transaction.atomic():
            trigger.save(force_insert=True)
    except IntegrityError as error:
        raise taken(error, trigger) from None
    listen(trigger)
    return trigger
