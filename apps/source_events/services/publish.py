"""Publish an event of somebody's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.source_events.services.append import Appended, Fact, append_facts

#: Keys of callers cannot meet those of triggers.
DEDUP_PREFIX = "custom:"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a caller says happened."""

    event_type: str
    source_kind: str = "custom"
    source_id: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str = ""


@transaction.atomic
def publish_event(project_id: str, new: NewEvent, *, now: datetime) -> Appended:
    """Append a custom event. For a ``dedup_key`` that the project used before, nothing
    is appended and the first event's id comes back. A key is remembered as long as
    its event is kept."""
    fact = Fact(
        project_id,
        new.event_type,
        source_kind=new.source_kind,
        source_id=new.source_id,
        event=dict(new.event),
        meta=dict(new.meta),
        settled=None,
        dedup_key=DEDUP_PREFIX + new.dedup_key if new.dedup_key else "",
    )
    return append_facts([fact], now=now)[0]
