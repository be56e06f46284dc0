"""Publish events of somebody's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.source_events.services.append import Appended, Fact, append_facts

#: Keys of callers cannot meet those of triggers.
DEDUP_PREFIX = "custom:"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a caller says happened.

    ``run_id`` is the run it acts for, if any; ``depth`` is how many runs, each started
    by an event, led to this one. ``path`` is where the request says it, for errors.
    """

    event_type: str
    source_kind: str = "custom"
    source_id: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str = ""
    run_id: str = ""
    depth: int = 0
    path: str = ""


@transaction.atomic
def publish_events(
    project_id: str, events: Sequence[NewEvent], *, now: datetime
) -> list[Appended]:
    """Append custom events, all or none, in one statement; answer each in its place.

    For a ``dedup_key`` that the project used before, or that an earlier event of
    these has, nothing is appended and the first event's id comes back. A key is
    remembered as long as its event is kept.
    """
    return append_facts([_fact(project_id, new) for new in events], now=now)


def _fact(project_id: str, new: NewEvent) -> Fact:
    return Fact(
        project_id,
        new.event_type,
        source_kind=new.source_kind,
        source_id=new.source_id,
        run_id=new.run_id,
        event=dict(new.event),
        meta=dict(new.meta),
        settled=None,
        dedup_key=DEDUP_PREFIX + new.dedup_key if new.dedup_key else "",
        depth=new.depth,
    )
